"""Who may open the database file now: many readers or one writer, across processes.

DuckDB lets one process write or several read, and fails at once otherwise. So nobody keeps the file: everyone
takes a lease on two lock files beside it, works and gives it back. `.lock` is shared by readers and exclusive
to a writer; `.turn` is the turnstile before it: a writer keeps it shut while it waits and works, so readers
that arrive later queue behind it and a writer never starves. The locks are flock(2): the system releases them
when a process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LockFiles"]


class LockFiles:
    """The two lock files of one database. Locks belong to the open file, so each lease opens its own."""

    def __init__(self, database: Path) -> None:
        self.turn = database.with_name(database.name + ".turn")
        self.lock = database.with_name(database.name + ".lock")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A writer's lease: waits for its turn, then for the readers inside to leave."""
        with _held(self.turn, fcntl.LOCK_EX), _held(self.lock, fcntl.LOCK_EX):
            yield

    def enter_shared(self) -> int:
        """A reader's lease, as a file descriptor to close; waits behind a waiting writer."""
        with _held(self.turn, fcntl.LOCK_SH):
            return _open_locked(self.lock, fcntl.LOCK_SH)

    def writer_waits(self) -> bool:
        """Whether a reader that idles should leave: a writer stands in the turnstile, or that can't be told.

        The folder may be gone, or this process out of file descriptors: staying would keep writers out for ever.
        """
        try:
            os.close(_open_locked(self.turn, fcntl.LOCK_SH | fcntl.LOCK_NB))
        except OSError:
            return True
        return False


def _open_locked(path: Path, operation: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _held(path: Path, operation: int) -> Iterator[None]:
    descriptor = _open_locked(path, operation)
    try:
        yield
    finally:
        os.close(descriptor)
