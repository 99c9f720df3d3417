"""A machine that cannot run the lab is told everything that is missing, at once, with the remedy."""

import shutil
from pathlib import Path

import pytest

from lab import prerequisites
from lab.console import LabError
from lab.toolchain import build


def test_everything_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(prerequisites, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(prerequisites, "STATE", tmp_path / "state")
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**9))
    monkeypatch.setattr(prerequisites, "MEMORY_GB", 10**6)
    with pytest.raises(LabError) as refused:
        prerequisites.check()
    text = str(refused.value)
    assert "sudo" in text
    assert "install Go 1.26 or newer" in text
    assert "3.0 GB free" in text
    assert "25 GB needed" in text
    assert "NIM_LAB_CACHE" in text
    assert "of memory" in text


def test_an_old_go_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go version go1.22.4 linux/amd64\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert prerequisites._go() == ["Go 1.22 is too old: install Go 1.26 or newer"]
