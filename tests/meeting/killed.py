"""A process that closes a review and is killed at one step of it: `python -m tests.meeting.killed FOLDER STEP`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metrics.meeting import shelf
from metrics.meeting.close import close
from metrics.store import Store, entries
from tests.meeting.made import AT, ID
from tests.trends.made import SERVICE, config

__all__ = ["STEPS"]

# Before the text, before the file that counts, before the open one goes, before the word, before it is committed, after.
STEPS = ("text", "file", "tidy", "word", "commit", "after")


def kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at(ending: str, write: Callable[..., Any]) -> Callable[..., Any]:
    """The writing of files, but for one of this ending."""
    return lambda path, text, **how: kill() if path.suffix == ending else write(path, text, **how)


def untidy(unlink: Callable[..., Any]) -> Callable[..., Any]:
    return lambda path, **how: kill() if path.name.endswith(".open.json") else unlink(path, **how)


def inserted(insert: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *what: (insert(*what), kill())


def main(folder: Path, step: str) -> None:
    """Close, unless killed."""
    if step in ("text", "file"):
        shelf._write = at(".md" if step == "text" else ".json", shelf._write)
    elif step == "tidy":
        Path.unlink = untidy(Path.unlink)  # type: ignore[method-assign]
    elif step in ("word", "commit"):
        entries._insert = kill if step == "word" else inserted(entries._insert)
    close(Store(folder / "tomoni.duckdb"), config(folder), SERVICE, ID, "Mika", AT)
    kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
