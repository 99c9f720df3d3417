"""Run a program; on failure raise a LabError that carries its last lines."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.console import LabError


def run(
    args: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    stdin: str | None = None,
    check: bool = True,
) -> str:
    """Run to the end and return standard output.

    Args:
        env: added to this process's environment.
        log: a file that receives all output instead (the return value is then empty).
        check: raise when the exit code is not 0.

    Raises:
        LabError: the program is missing or failed; the message ends with its last lines.
    """
    words = [str(a) for a in args]
    merged = {**os.environ, **(env or {})}
    try:
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as sink:
                done = subprocess.run(
                    words, cwd=cwd, env=merged, input=(stdin or "").encode(), stdout=sink, stderr=sink, check=False
                )
            out, err = "", log.read_text(errors="replace")
        else:
            text = subprocess.run(
                words, cwd=cwd, env=merged, input=stdin or "", capture_output=True, text=True, check=False
            )
            done, out, err = text, text.stdout, text.stderr + text.stdout  # type: ignore[assignment]
    except FileNotFoundError as missing:
        raise LabError(f"{words[0]} is not installed") from missing
    if check and done.returncode != 0:
        tail = "\n".join(err.strip().splitlines()[-15:])
        raise LabError(f"`{' '.join(words[:6])}` failed with exit code {done.returncode}:\n{tail}")
    return out
