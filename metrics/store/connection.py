"""Opening the file, and what to say when a process that doesn't know the lease has it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from metrics.errors import StoreBusyError, StoreError

__all__ = ["STORAGE_VERSION", "attach", "connect", "copy_file", "log_of", "patiently", "private", "quoted", "tables"]

# Readable by DuckDB 1.5 as well, so that an analyst's older shell can open a copy.
STORAGE_VERSION = "v1.5.0"
# Half of the gigabyte that a small machine can spare; DuckDB spills to disk beyond it.
MEMORY_LIMIT = "600MB"
RETRY_S = 0.05

T = TypeVar("T")


def connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A connection to the file; raises duckdb.IOException while a foreign process holds it."""
    if not read_only and not (path.exists() and path.stat().st_size):
        # Made beside it and moved: a process that is killed in between must not leave an empty file that never opens.
        unfinished = path.with_name(path.name + ".new")
        unfinished.unlink(missing_ok=True)
        with private() as connection:
            attach(connection, unfinished, "new")
        unfinished.replace(path)
    return _configured(duckdb.connect(path, read_only=read_only))


def private(path: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A database of nobody else's, to work in."""
    return _configured(duckdb.connect(path))


def _configured(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute("SET enable_progress_bar = false")  # the terminal is the command line's
    return connection


def log_of(path: Path) -> Path:
    """The write-ahead log that DuckDB keeps beside the file between a commit and a checkpoint."""
    return path.with_name(path.name + ".wal")


def patiently(attempt: Callable[[], T], path: Path, patience_s: float) -> T:
    """The result of `attempt`, tried again while a foreign process holds the file, at most `patience_s`.

    Raises StoreError where the system refuses: no rights, no space, no such folder.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return attempt()
        except OSError as error:
            raise StoreError(
                f"{path} can't be opened: {error.strerror} ({error.filename}). Whoever reads or writes a store needs "
                "the right to write into its folder, for the lock files beside it."
            ) from error
        except duckdb.IOException as error:
            if (holder := _foreign_holder(error)) is None:
                raise
            if time.monotonic() > deadline:
                raise StoreBusyError(_busy(path, holder, patience_s)) from error
        time.sleep(RETRY_S)


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool = False) -> None:
    """Attach a file under a name; a new one gets the product's storage version."""
    option = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    connection.execute(f"ATTACH {quoted(str(path))} AS {name} ({option})")


def tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """The names of a database's tables."""
    rows = connection.execute(
        """SELECT table_name FROM duckdb_tables()
        WHERE database_name = $1 AND schema_name = 'main' AND NOT internal ORDER BY 1""",
        [database],
    ).fetchall()
    return [name for (name,) in rows]


def quoted(text: str) -> str:
    """A SQL string: for the few places that take no parameter, such as a file's name."""
    return "'" + text.replace("'", "''") + "'"


def copy_file(source: Path, to: Path) -> None:
    """Copy a database file, by another process: closing a file gives up this process's POSIX locks on it.

    DuckDB keeps its own lock that way, and a foreign process could write as soon as we had copied the file ourselves.
    """
    done = subprocess.run(["cp", "--", str(source), str(to)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise StoreError(f"{source.name} can't be copied: {done.stderr.strip()}")


def _foreign_holder(error: duckdb.IOException) -> str | None:
    """Who holds the lock, as DuckDB names it: `process 4711 (duckdb)`; None when it is another fault."""
    text = str(error)
    if "Could not set lock on file" not in text:
        return None
    match = re.search(r"held in (.*?) ?\(PID (\d+)\)", text)
    if match is None:
        return "another process"
    program = Path(match.group(1).split(" ")[0]).name
    return f"process {match.group(2)} ({program})" if program else f"process {match.group(2)}"


def _busy(path: Path, holder: str, waited_s: float) -> str:
    return (
        f"{path.name} is held by {holder}, which does not take turns; waited {waited_s:.0f} s. "
        "Close it, or let it work on a copy: `python -m metrics backup DIR`."
    )
