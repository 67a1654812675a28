"""Bringing a store to this version's schema: numbered .sql files, each applied once in a transaction."""

from __future__ import annotations

import threading
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from metrics.errors import StoreError
from metrics.store.connection import copy_file, log_of

if TYPE_CHECKING:
    from metrics.store.database import Store

__all__ = ["once", "steps"]

_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER, name VARCHAR, applied_at TIMESTAMP)"""
_done: set[tuple[Path, int]] = set()
_lock = threading.Lock()


def once(store: Store) -> None:
    """Create or migrate the store's file, unless this process has already seen to that very file."""
    with _lock:
        if store.exists() and (store.path, store.path.stat().st_ino) in _done:
            return
        if not _is_current(store):
            with store.exclusive() as connection:
                _migrate(connection, store.path, steps())
        _done.add((store.path, store.path.stat().st_ino))


def _is_current(store: Store) -> bool:
    """Whether there is nothing to do, told with a reader's lock: an analyst's read-only shell may be open."""
    if not store.exists():
        return False
    try:
        with store.glance() as connection:
            have = connection.execute("SELECT max(version) FROM schema_migrations").fetchall()[0][0]
    except (OSError, duckdb.IOException, duckdb.CatalogException):
        return False  # what is wrong is said by whoever opens it to write
    return bool(have == steps()[-1][0])


def steps() -> list[tuple[int, str, str]]:
    """(version, name, SQL) of each migration, in order."""
    found = sorted(
        (entry for entry in files("metrics.store").joinpath("schema").iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return [(int(entry.name[:4]), entry.name, entry.read_text(encoding="utf-8")) for entry in found]


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path, known: list[tuple[int, str, str]]) -> None:
    connection.execute(_TABLE)
    have = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchall()[0][0]
    newest = known[-1][0]
    if have > newest:
        raise StoreError(
            f"{path.name} has schema {have}, made by a newer Tomoni; this one knows up to {newest}. "
            "Update Tomoni, or restore a backup made with this version."
        )
    pending = [step for step in known if step[0] > have]
    if pending and have:
        _keep_a_copy(connection, path, have)
    _apply(connection, pending)


def _apply(connection: duckdb.DuckDBPyConnection, pending: list[tuple[int, str, str]]) -> None:
    for version, name, sql in pending:
        connection.execute("BEGIN")
        connection.execute(sql)
        connection.execute("INSERT INTO schema_migrations VALUES ($1, $2, now() AT TIME ZONE 'UTC')", [version, name])
        connection.execute("COMMIT")


def _keep_a_copy(connection: duckdb.DuckDBPyConnection, path: Path, version: int) -> None:
    """The automatic backup before a migration, beside the store: `tomoni.duckdb.schema-1`."""
    connection.execute("CHECKPOINT")
    kept = path.with_name(f"{path.name}.schema-{version}")
    copy_file(path, kept)
    if log_of(path).exists():
        copy_file(log_of(path), log_of(kept))
