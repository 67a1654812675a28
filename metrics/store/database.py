"""The store: one DuckDB file that many processes read and write in turn.

`Store.read()` gives a Reader on a consistent state, `Store.write()` a connection in a transaction. Both are
leases (lease.py) and meant to be short: long reads work on `Store.copy()`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import psutil

from metrics.errors import StoreError
from metrics.store import migrate
from metrics.store.connection import connect, copy_file, log_of, patiently
from metrics.store.lease import LockFiles
from metrics.store.shared import Reader, SharedReader

__all__ = ["Store"]

# How long a foreign process may hold DuckDB's own lock before we say so.
PATIENCE_S = 5.0
SCRATCH = ".scratch-"


class Store:
    """The database of one deployment. Cheap to make; several of one path share what they must."""

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        self.path = path.resolve()
        self._patience_s = patience_s
        self._locks = LockFiles(self.path)
        self._shared = SharedReader.of(self.path, self._locks)

    def exists(self) -> bool:
        return self.path.exists()

    def version(self) -> str:
        """A token that changes with every commit, without opening the file: the key of every cache."""
        return "-".join(_stamp(path) for path in (self.path, log_of(self.path)))

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A consistent state to ask questions of. Raises StoreError where there is no store yet."""
        if not self.exists():
            raise StoreError(
                f"there is no {self.path.name} in {self.path.parent.name}/ yet: "
                "fill it with `python -m metrics collect`, `import` or `demo`"
            )
        migrate.once(self)
        reader: Reader = patiently(self._shared.enter, self.path, self._patience_s)
        try:
            yield reader
        finally:
            self._shared.leave(reader)

    @contextmanager
    def write(self, on_release: Callable[[float], None] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        `on_release` is told how many seconds the lease was held, for a writer that means to be brief.
        """
        migrate.once(self)
        with self.exclusive(on_release) as connection:
            connection.execute("BEGIN")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                with suppress(duckdb.Error):  # a COMMIT that failed has rolled back already
                    connection.execute("ROLLBACK")
                if isinstance(error, duckdb.Error) and "No space left" in str(error):
                    raise StoreError(
                        f"{self.path.parent}: the disk is full; nothing of this step was kept"
                    ) from error
                raise

    @contextmanager
    def exclusive(self, on_release: Callable[[float], None] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file to itself, created when missing, outside any transaction."""
        if self._shared.is_mine():
            raise RuntimeError("a block that reads the store must not write it: it would wait for itself for ever")
        with ExitStack() as lease:
            connection, since = patiently(lambda: self._enter_exclusive(lease), self.path, self._patience_s)
            try:
                yield connection
            finally:
                lease.close()
                if on_release:
                    on_release(time.monotonic() - since)

    def copy(self, to: Path) -> Path:
        """A private copy of this moment, for long reads: a backup, an export, a re-sort."""
        with self.read():
            copy_file(self.path, to)
            if log_of(self.path).exists():
                copy_file(log_of(self.path), log_of(to))
        return to

    @contextmanager
    def glance(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A reader's look at a file whose schema may be another. Raises duckdb.IOException where it can't be had."""
        lease = self._locks.enter_shared()
        try:
            with connect(self.path, read_only=True) as connection:
                yield connection
        finally:
            os.close(lease)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the store's disk for the time of a block; sweeps away those of processes that were killed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for left in self.path.parent.glob(f"{SCRATCH}*"):
            owner = left.name.removeprefix(SCRATCH).split("-")[0]
            if owner.isdecimal() and not psutil.pid_exists(int(owner)):
                shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-", dir=self.path.parent) as folder:
            yield Path(folder)

    def replace(self, by: Path, *, unless_changed_since: str) -> bool:
        """Put another file in the store's place; False when somebody wrote since that version."""
        with self.exclusive():  # DuckDB's own lock too: a shell that has the old file would go on writing into it
            if self.version() != unless_changed_since or log_of(self.path).exists():
                return False
            by.replace(self.path)
        return True

    def settle(self, new: Path) -> None:
        """Put a file where no store is. Raises StoreError where one is, or its log: it must not meet another file."""
        self.refuse_if_taken()
        with self._locks.exclusive():
            self.refuse_if_taken()
            new.rename(self.path)

    def refuse_if_taken(self) -> None:
        for path in (self.path, log_of(self.path)):
            if path.exists():
                raise StoreError(
                    f"{path.name} exists already; move it away, or restore into another folder with --data DIR."
                )

    def _enter_exclusive(self, lease: ExitStack) -> tuple[duckdb.DuckDBPyConnection, float]:
        """The connection and since when. On a foreign lock the lease is given back: readers must not wait with us."""
        with ExitStack() as attempt:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            attempt.enter_context(self._locks.exclusive())
            since = time.monotonic()
            connection = attempt.enter_context(connect(self.path, read_only=False))
            lease.enter_context(attempt.pop_all())
        return connection, since


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except FileNotFoundError:
        return "0"
    return f"{status.st_ino:x}.{status.st_mtime_ns:x}.{status.st_size:x}"
