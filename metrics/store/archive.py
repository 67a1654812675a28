"""Backups that any DuckDB reads, restoring them, and exports of the public views.

All work on a private copy of one moment, so that nobody waits however large the store is.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from metrics.errors import InputError
from metrics.store import migrate
from metrics.store.connection import attach, connect, private, quoted
from metrics.store.database import Store

__all__ = ["FORMATS", "backup", "export", "restore", "views"]

FORMATS = ("csv", "parquet")
# What a deployment's folder holds besides the store; secrets are named there, never written.
FOLDER = ("tomoni.yaml", "services", "reviews")
STORE = "store"


def backup(store: Store, to: Path) -> list[str]:
    """Everything as Parquet and SQL in a new folder; returns what was written. Raises InputError if `to` is taken."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        what = "is not empty" if to.is_dir() else "is a file"
        raise InputError(f"{to}: {what}; name a folder that doesn't exist yet.")
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}-", dir=to.parent) as unfinished:
        whole = Path(unfinished) / "backup"
        whole.mkdir()
        with _copy_of(store) as connection:
            connection.execute(f"EXPORT DATABASE {quoted(str(whole / STORE))} (FORMAT parquet)")
        _relative(whole / STORE / "load.sql", whole / STORE)
        for name in FOLDER:
            _copy(store.path.parent / name, whole / name)
        if to.exists():
            to.rmdir()
        whole.rename(to)
    return sorted(str(path.relative_to(to)) for path in to.rglob("*") if path.is_file())


def restore(store: Store, source: Path) -> None:
    """Put a backup where no store is yet. Raises InputError where `source` is none, StoreError where one is."""
    if not (source / STORE / "schema.sql").exists():
        raise InputError(f"{source}: is no backup (it has no {STORE}/schema.sql); name the folder given to `backup`.")
    store.refuse_if_taken()
    with store.scratch() as folder:
        new = folder / "new.duckdb"
        with private() as connection:
            attach(connection, new, "restored")
            connection.execute("USE restored")
            connection.execute(f"IMPORT DATABASE {quoted(str(source / STORE))}")
            connection.execute("CHECKPOINT restored")
        for name in FOLDER:
            _copy(source / name, store.path.parent / name)
        store.settle(new)
    migrate.once(store)


def views(store: Store) -> list[str]:
    """The names of the public views."""
    with store.read() as db:
        return [name for (name,) in db.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1")]


def export(store: Store, view: str, file_format: str, to: Path) -> int:
    """Write one public view, in order, as CSV or Parquet; returns its rows. Raises InputError for an unknown view."""
    if view not in views(store):
        raise InputError(f"no view {view!r}; use one of {', '.join(views(store))}.")
    if to.resolve() == store.path:
        raise InputError(f"{to}: is the store itself; name another file.")
    options = "FORMAT csv, HEADER" if file_format == "csv" else "FORMAT parquet"
    with _copy_of(store) as connection:
        rows = connection.execute(f"COPY (FROM {view} ORDER BY ALL) TO {quoted(str(to))} ({options})").fetchall()
    return int(rows[0][0])


@contextmanager
def _copy_of(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    with (
        store.scratch() as folder,
        connect(store.copy(folder / "copy.duckdb"), read_only=False) as connection,
    ):
        yield connection


def _relative(script: Path, folder: Path) -> None:
    """Make load.sql name its files without their folder, so that a backup can be moved."""
    written = quoted(f"{folder}/")[1:-1]
    script.write_text(script.read_text(encoding="utf-8").replace(written, ""), encoding="utf-8")


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, dirs_exist_ok=True)
    elif source.exists():
        shutil.copyfile(source, to)
