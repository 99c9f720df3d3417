"""`nim-stack recover` against a real HTTP server and a `pulumi` that keeps a state in a file."""

import json
import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.cli.main import main
from nim_stack.operations.recovering.locks import of_files, of_service
from tests.unit.recovery_samples import REFERENCE, SECRET, SERVICE, existing, export, live, operation

_PULUMI = """#!/bin/sh
echo "$1 $2" >> calls
case "$1 $2" in
"whoami --json") printf '{"url": "%s"}' "$(cat url)" ;;
"stack export") cat state ;;
"stack ls") cat stacks ;;
"cancel --yes") rm -rf .pulumi held ;;
*) if [ -e held ]; then echo "error: the stack is currently locked by 1 lock(s)." >&2; exit 255; fi; cat > state ;;
esac
"""
"""It runs in the program's folder."""


class Api(BaseHTTPRequestHandler):
    """An API server with these paths."""

    paths: dict[str, Any]

    def do_GET(self) -> None:
        document = self.paths.get(self.path)
        if callable(document):
            document = document()
        data = json.dumps(document or {"message": "not found"}).encode()
        self.send_response(403 if document == {"message": "forbidden"} else 200 if document else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


class Place:
    """The program's folder, its engine's state and a cluster."""

    def __init__(self, folder: Path, paths: dict[str, Any]) -> None:
        self.folder, self.paths = folder, paths

    def write(self, document: Any) -> None:
        (self.folder / "state").write_text(json.dumps(document))

    @property
    def resources(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.folder / "state").read_text())["deployment"]["resources"]
        return found[3:]

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def lock(self, host: str, pid: int) -> None:
        path = self.folder / ".pulumi/locks/organization/nim-stack/dev/1.json"
        path.parent.mkdir(parents=True)
        content = {"pid": pid, "username": "ci", "hostname": host, "timestamp": "2026-05-01T10:00:00Z"}
        path.write_text(json.dumps(content))

    def run(self, *words: str) -> int:
        return main(["recover", "-s", "dev", "-C", str(self.folder), "--backup", str(self.folder / "old"), *words])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    kinds = [
        {"name": "services", "kind": "Service", "namespaced": True},
        {"name": "services/status", "kind": "Service"},
    ]
    paths: dict[str, Any] = {"/api/v1": {"resources": kinds}}
    command = tmp_path / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(_PULUMI)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    (tmp_path / "url").write_text(f"file://{tmp_path}")
    (tmp_path / "Pulumi.yaml").write_text("name: nim-stack\n")
    handler = type("Here", (Api,), {"paths": paths})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        config = {
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        (tmp_path / "kube.yaml").write_text(yaml.safe_dump(config))  # which the provider names, from its folder
        yield Place(tmp_path, paths)
        server.shutdown()


LEADER = "/api/v1/namespaces/nim/services/leader"


def test_without_yes_it_says_what_it_would_do_and_changes_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    document = export(pending=(operation("creating", SERVICE),))
    place.write(document)
    place.paths[LEADER] = live(SERVICE)
    assert place.run() == 1
    said = capsys.readouterr().out
    assert "Service nim/leader" in said
    assert "taken up" in said
    assert f"nim-stack recover -s dev -C {place.folder} --yes" in said
    assert json.loads((place.folder / "state").read_text()) == document
    assert not (place.folder / "old").exists()


def test_with_yes_the_state_is_written_and_the_old_one_kept_for_its_owner_alone(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    document = export(pending=(operation("creating", SERVICE),))
    place.write(document)
    place.paths[LEADER] = live(SERVICE)
    assert place.run("--yes") == 0
    (made,) = place.resources
    assert (made["id"], made["provider"]) == ("nim/leader", REFERENCE)
    assert json.loads((place.folder / "old").read_text()) == document
    assert stat.S_IMODE((place.folder / "old").stat().st_mode) == 0o600
    assert str(place.folder / "old") in capsys.readouterr().out
    assert place.run() == 0
    assert "Nothing is left to do" in capsys.readouterr().out


def test_a_backup_is_never_overwritten(place: Place) -> None:
    place.write(export(pending=(operation("creating", SERVICE),)))
    (place.folder / "old").write_text("precious")
    assert place.run("--yes") == 2
    assert (place.folder / "old").read_text() == "precious"
    assert "stack import" not in place.calls


def test_nothing_is_written_before_the_user_decided_about_a_strange_object(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write(export(pending=(operation("creating", SERVICE),)))
    place.paths[LEADER] = live(SERVICE, "kubectl")
    assert place.run("--yes", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [found["outcome"] for found in report["operations"]] == ["not ours"]
    assert report["written"] is False
    assert "stack import" not in place.calls
    assert place.run("--yes", "--adopt", SERVICE["urn"]) == 0
    assert [found["id"] for found in place.resources] == ["nim/leader"]


def test_nothing_is_written_while_the_cluster_refuses_to_say(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export(pending=(operation("creating", SERVICE), operation("creating", SECRET))))
    place.paths["/api/v1/namespaces/nim/services/leader"] = {"message": "forbidden"}
    assert place.run("--yes") == 1
    assert "forbidden" in capsys.readouterr().out
    assert "stack import" not in place.calls


def test_what_is_being_deleted_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nim_stack.cli.recover._PAUSE_SECONDS", 0)
    place.write(export(existing(SERVICE), pending=(operation("deleting", existing(SERVICE)),)))
    looks = iter([live(SERVICE, deletionTimestamp="2026-05-01T10:01:00Z"), None])
    place.paths[LEADER] = lambda: next(looks)
    assert place.run("--yes") == 0
    assert place.resources == []


def test_what_does_not_end_is_not_written(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export(existing(SERVICE), pending=(operation("deleting", existing(SERVICE)),)))
    place.paths[LEADER] = live(SERVICE, deletionTimestamp="2026-05-01T10:01:00Z")
    assert place.run("--yes", "--wait", "0") == 1
    assert "still being deleted" in capsys.readouterr().out
    assert "stack import" not in place.calls


def test_a_held_stack_is_taken_away_only_when_asked_for(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export())
    place.lock("elsewhere", 1)
    for words in ((), ("--yes",), ("--cancel",)):
        assert place.run(*words) == 1
        said = capsys.readouterr().out
        assert "ci@elsewhere (pid 1) since 2026-05-01T10:00:00Z" in said
        assert "--yes --cancel" in said
    assert "cancel --yes" not in place.calls
    assert place.run("--yes", "--cancel") == 0
    assert "cancel --yes" in place.calls
    assert place.run() == 0


def test_an_engine_that_runs_on_this_machine_keeps_its_stack(place: Place) -> None:
    import socket
    import subprocess

    place.write(export())
    sleeper = place.folder / "pulumi-sleeps"
    sleeper.symlink_to("/bin/sleep")
    with subprocess.Popen([str(sleeper), "60"]) as engine:
        place.lock(socket.gethostname(), engine.pid)
        assert place.run("--yes", "--cancel") == 1
        assert [lock.running for lock in of_files(place.folder, "nim-stack", "dev")] == [True]
        engine.kill()
    assert [lock.running for lock in of_files(place.folder, "nim-stack", "dev")] == [False]
    assert "cancel --yes" not in place.calls


def test_locks_of_other_stacks_and_projects_are_not_this_ones(place: Place) -> None:
    place.lock("elsewhere", 1)
    assert len(of_files(place.folder, "nim-stack", "organization/nim-stack/dev")) == 1
    assert of_files(place.folder, "nim-stack", "prod") == []
    assert of_files(place.folder, "another", "dev") == []


def test_a_backend_that_tells_only_when_it_is_written_to(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.folder / "url").write_text("s3://states")
    (place.folder / "held").touch()
    place.write(export(pending=(operation("creating", SERVICE),)))
    assert place.run("--yes") == 1
    assert "currently locked" in (said := capsys.readouterr().err)
    assert "add --cancel" in said
    assert not (place.folder / "old").exists()
    assert place.run("--yes", "--cancel") == 0
    assert place.resources == []


def test_there_a_lock_without_operations_is_taken_away_as_well(place: Place) -> None:
    (place.folder / "url").write_text("s3://states")
    (place.folder / "held").touch()
    place.write(export())
    assert place.run("--yes", "--cancel") == 0
    assert not (place.folder / "held").exists()


def test_who_came_after_a_cancel_keeps_the_stack(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export(pending=(operation("creating", SERVICE),)))
    place.lock("elsewhere", 1)
    place.paths[LEADER] = lambda: (place.folder / "held").touch()
    assert place.run("--yes", "--cancel") == 1
    assert "when it has ended" in capsys.readouterr().err
    assert place.calls.count("cancel --yes") == 1
    assert not (place.folder / "old").exists()


def test_a_state_that_somebody_wrote_meanwhile_is_decided_about_again(place: Place) -> None:
    place.write(export(pending=(operation("creating", SERVICE),)))

    def another_up() -> None:
        place.write(export(existing(SECRET), pending=(operation("creating", SERVICE),)))
        place.paths[LEADER] = live(SERVICE)

    place.paths[LEADER] = another_up
    place.paths["/api/v1"]["resources"].append({"name": "secrets", "kind": "Secret", "namespaced": True})
    assert place.run("--yes") == 0
    assert [found["urn"] for found in place.resources] == [SECRET["urn"], SERVICE["urn"]]


def test_it_says_which_cluster_it_asked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export(pending=(operation("creating", SERVICE),)))
    place.run()
    assert "Asked: http://127.0.0.1:" in capsys.readouterr().out
    place.run("--json")
    assert json.loads(capsys.readouterr().out)["asked"][0].startswith("http://127.0.0.1:")


def test_the_service_says_whether_an_update_is_in_progress(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.folder / "url").write_text("https://app.pulumi.com/someone")
    (place.folder / "stacks").write_text('[{"name": "org/nim-stack/dev", "updateInProgress": true}]')
    place.write(export())
    assert place.run("--yes") == 1
    assert "in progress" in capsys.readouterr().out
    assert (
        of_service([{"name": "dev", "updateInProgress": False}, {"name": "b", "updateInProgress": True}], "dev") == []
    )


def test_the_kubeconfig_can_be_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write(export(pending=(operation("creating", SERVICE),), kubeconfig="{\n}"))
    assert place.run("--yes") == 1
    assert "add --kubeconfig FILE" in capsys.readouterr().out
    assert place.run("--yes", "--kubeconfig", str(place.folder / "kube.yaml")) == 0


def test_a_kind_that_the_server_does_not_have_has_no_objects(place: Place) -> None:
    place.write(export(pending=(operation("creating", SECRET),)))
    assert place.run("--yes") == 0
    assert place.resources == []


def test_without_pulumi_it_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert place.run() == 2
    assert "`pulumi` cannot be run" in capsys.readouterr().err
