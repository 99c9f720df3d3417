"""Files into a folder: all of them, or none."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from nim_stack.settings.files.errors import StackFileError


def write_files(folder: Path, texts: Mapping[str, str], *, force: bool = False) -> None:
    """Write every file, or leave the folder as it was.

    The files are written beside their places first, and then moved there one by one. Whatever ends the moves, Ctrl-C
    included, makes them undone.

    Args:
        folder: made where it is not there, with the folders above it.
        texts: the text of each file, by its path below the folder.
        force: replace files that are there.

    Raises:
        StackFileError: files are there and may not be replaced, all of them named, or the folder cannot be written.
    """
    there = [path for path in texts if (folder / path).is_symlink() or (folder / path).exists()]
    if there and not force:
        raise StackFileError(
            f"Nothing was written, since {folder} has {', '.join(there)} already. --force replaces these files."
        )
    undo: list[Callable[[], object]] = []
    try:
        _make_folder(folder, undo)
        with tempfile.TemporaryDirectory(prefix=".nim-stack-init-", dir=folder) as beside:
            _put(folder, texts, Path(beside), undo)
            undo.clear()
    except OSError as error:
        _undo(undo)
        raise StackFileError(f"{folder} cannot be written ({error.strerror}); nothing was changed.") from None
    except BaseException:
        _undo(undo)
        raise


def _put(folder: Path, texts: Mapping[str, str], beside: Path, undo: list[Callable[[], object]]) -> None:
    for number, text in enumerate(texts.values()):
        (beside / f"new-{number}").write_text(text, encoding="utf-8")
    moved: list[Callable[[], object]] = []
    try:
        for number, path in enumerate(texts):
            goal, old = folder / path, beside / f"old-{number}"
            _make_folder(goal.parent, undo)
            if goal.is_dir() and not goal.is_symlink():
                raise IsADirectoryError(21, f"{path} is a folder")
            if goal.is_symlink() or goal.exists():
                moved.append(partial(_put_back, old, goal))
                goal.replace(old)
            moved.append(partial(goal.unlink, missing_ok=True))
            (beside / f"new-{number}").replace(goal)
    except BaseException:
        _undo(moved)
        raise


def _make_folder(folder: Path, undo: list[Callable[[], object]]) -> None:
    """Make a folder and those above it, and note how to remove those that were not there."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        undo.append(partial(shutil.rmtree, one, ignore_errors=True))
        one.mkdir()


def _put_back(old: Path, goal: Path) -> None:
    if old.is_symlink() or old.exists():
        old.replace(goal)


def _undo(steps: list[Callable[[], object]]) -> None:
    for step in reversed(steps):
        step()
