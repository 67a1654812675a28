"""export, backup, restore: what is stored, out and back in."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from metrics.errors import InputError
from metrics.store import Store, archive

__all__ = ["add_verbs"]


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Export, backup and restore, with their flags."""
    verb = verbs.add_parser(
        "export",
        help="write a public view",
        description="Writes one public view, such as v_samples, v_events or v_coverage; docs/data.md describes them. "
        "All rows are of one moment, and nobody waits meanwhile.",
    )
    verb.add_argument("view", metavar="VIEW")
    verb.add_argument("--format", choices=archive.FORMATS, help="csv, or what the file's name ends in")
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (standard output)")
    verb.set_defaults(run=_export)
    verb = verbs.add_parser(
        "backup",
        help="everything as Parquet and SQL",
        description="Writes everything into a new folder, as Parquet and SQL that any DuckDB reads: the store, the "
        "configuration and the reviews. Others go on working meanwhile.",
    )
    verb.add_argument("folder", type=Path, metavar="DIR")
    verb.set_defaults(run=_backup)
    verb = verbs.add_parser(
        "restore",
        help="put a backup where no store is yet",
        description="Puts a backup into the folder that --data names, which must have no store yet.",
    )
    verb.add_argument("folder", type=Path, metavar="DIR")
    verb.set_defaults(run=_restore)


def _export(arguments: argparse.Namespace) -> int:
    store, to = _store(arguments), arguments.output
    if arguments.view not in (known := archive.views(store)):
        raise InputError(f"there is no view {arguments.view!r}: use one of {', '.join(known)}")
    file_format = arguments.format or ("parquet" if to and to.suffix == ".parquet" else "csv")
    if to is not None:
        if to.is_dir():
            raise InputError(f"{to}: is a folder; name a file, as in {to / arguments.view}.csv")
        if not to.absolute().parent.is_dir():
            raise InputError(f"{to}: there is no folder {to.parent}")
        rows = archive.export(store, arguments.view, file_format, to)
        print(f"{rows:,} rows to {to}", file=sys.stderr)
        return 0
    if file_format == "parquet" and sys.stdout.isatty():
        raise InputError("Parquet is no text for a terminal: name a file with -o FILE")
    with tempfile.TemporaryDirectory(prefix=".export-", dir=store.path.parent) as folder:
        written = Path(folder) / "view"
        archive.export(store, arguments.view, file_format, written)
        with written.open("rb") as rows_of:
            shutil.copyfileobj(rows_of, sys.stdout.buffer)
        sys.stdout.flush()
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    written = archive.backup(_store(arguments), arguments.folder)
    print(f"{len(written)} files in {arguments.folder}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    store = _store(arguments)
    archive.restore(store, arguments.folder)
    print(f"{store.path} is restored")
    return 0


def _store(arguments: argparse.Namespace) -> Store:
    return Store(arguments.data / "tomoni.duckdb")
