"""Reading in one process: all threads share one read-only connection, each with its own cursor.

Opening costs about 25 ms, so the connection stays for a moment after the last reader has left, and goes at once
when a writer stands in the turnstile.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandas as pd

from metrics.store.connection import connect
from metrics.store.lease import LockFiles

__all__ = ["Reader", "SharedReader"]

IDLE_S = 0.25
WATCH_S = 0.01


class Reader:
    """One thread's view of a consistent state; good until its lease ends."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def frame(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> pd.DataFrame:
        """The answer as a DataFrame, strings as objects and absent strings as None."""
        return self._cursor.execute(sql, params).df()

    def rows(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, params).fetchall()

    def close(self) -> None:
        self._cursor.close()


class SharedReader:
    """The read-only connection of one file in this process. DuckDB allows one per process, hence the registry."""

    _registry: ClassVar[dict[Path, SharedReader]] = {}
    _registry_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path, locks: LockFiles) -> None:
        self._path = path
        self._locks = locks
        self._changed = threading.Condition()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lease = -1
        self._readers = 0
        self._idle_since = 0.0
        self._mine = threading.local()

    @classmethod
    def of(cls, path: Path, locks: LockFiles) -> SharedReader:
        with cls._registry_lock:
            return cls._registry.setdefault(path, cls(path, locks))

    @classmethod
    def close_all(cls) -> None:
        """At exit: a connection that outlives the interpreter makes the driver complain on stderr."""
        for shared in cls._registry.values():
            with shared._changed:
                shared._readers = 0
                shared._close_if_unused()

    def enter(self) -> Reader:
        """A reader on the shared connection. Raises duckdb.IOException while a foreign process writes."""
        with self._changed:
            # A thread that reads already joins itself: the writer waits for it anyway, and it would wait for itself.
            while not self.is_mine() and self._connection is not None and self._locks.writer_waits():
                # Joining now would keep the writer out for as long as readers overlap.
                self._close_if_unused()
                if self._connection is not None:
                    self._changed.wait(WATCH_S)
            reader = Reader((self._connection or self._open()).cursor())
            self._readers += 1
            self._mine.depth = getattr(self._mine, "depth", 0) + 1
            return reader

    def is_mine(self) -> bool:
        """Whether this thread is reading."""
        return getattr(self._mine, "depth", 0) > 0

    def leave(self, reader: Reader) -> None:
        with self._changed:
            self._readers -= 1
            self._mine.depth = getattr(self._mine, "depth", 1) - 1
            self._idle_since = time.monotonic()
            reader.close()
            if self._locks.writer_waits():
                self._close_if_unused()

    def _open(self) -> duckdb.DuckDBPyConnection:
        lease = self._locks.enter_shared()
        try:
            self._connection = connect(self._path, read_only=True)
        except BaseException:
            os.close(lease)
            raise
        self._lease = lease
        threading.Thread(target=self._watch, name="store-lease", daemon=True).start()
        return self._connection

    def _watch(self) -> None:
        """Gives the lease back once it idles, or as soon as a writer wants it."""
        while True:
            time.sleep(WATCH_S)
            with self._changed:
                idle = self._readers == 0 and time.monotonic() - self._idle_since > IDLE_S
                if idle or self._locks.writer_waits():
                    self._close_if_unused()
                if self._connection is None:
                    return

    def _close_if_unused(self) -> None:
        if self._readers or self._connection is None:
            return
        self._connection.close()
        self._connection = None
        os.close(self._lease)
        self._changed.notify_all()


atexit.register(SharedReader.close_all)
