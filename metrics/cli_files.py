"""import: CSV and Parquet files in."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from metrics import config as configuration
from metrics.cli_findings import look
from metrics.cli_flags import a_pair, first_fault
from metrics.cli_show import Progress
from metrics.collect.files import FileToRead, read_file
from metrics.collect.layout import COLUMNS, Layout
from metrics.collect.run import store_of, tidy
from metrics.errors import InputError, TomoniError
from metrics.store import Store, read, write

__all__ = ["add_verbs"]

SOURCE = "import"
# So many refused rows are said one by one; the Sources page has the rest.
SHOWN = 5


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Import, with its flags."""
    columns = "\n".join(f"  {name + ':':<13} {', '.join(ours)}" for name, ours in COLUMNS.items())
    verb = verbs.add_parser(
        "import",
        help="take CSV or Parquet files in",
        description="Takes CSV (also .gz) or Parquet files in. Wrong rows are refused with line number and reason, "
        "and counted: exit status 2 if any was. A file that can't be read changes nothing. Importing a file again "
        "corrects it and never doubles it; an import that was cut completes that way.",
        epilog=f"Columns of each kind:\n{columns}\ndocs/data.md explains them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("file", nargs="+", type=Path, metavar="FILE")
    verb.add_argument("--as", dest="content", required=True, choices=tuple(COLUMNS), help="what its rows are")
    verb.add_argument("--service", help="whose rows they are, where there is more than one service")
    verb.add_argument("--component", help="what they speak of, where the file has no such column")
    verb.add_argument("--indicator", help="what they measure, where the file has no such column")
    verb.add_argument("--part", help="what inside the component, where the file has no such column")
    verb.add_argument(
        "--column", type=a_pair, action="append", default=[], metavar="OURS=THEIRS", dest="columns",
        help="our column is called THEIRS in the file (repeat it for more)",
    )  # fmt: skip
    verb.add_argument("--time-zone", default="UTC", metavar="ZONE", help="of times without an offset (UTC)")
    verb.add_argument("--unit", help="of the file's values, as in ms or MiB (canonical units)")
    verb.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    config = configuration.load(arguments.data)
    names = [service.name for service in config.services]
    if arguments.service is None and len(names) > 1:
        raise InputError(f"--service is needed, since there are several: use one of {', '.join(names)}")
    layout = _layout(arguments, arguments.service or (names or ["default"])[0])
    store, is_fine = store_of(config), True
    for path in arguments.file:
        is_fine &= _take(store, path, layout)
    tidy(config.folder)
    look(config, datetime.now(UTC))
    return 0 if is_fine else 2


def _layout(arguments: argparse.Namespace, service: str) -> Layout:
    given = ("content", "component", "indicator", "part", "time_zone", "unit")
    try:
        return Layout(
            service=service,
            columns=dict(arguments.columns),
            **{name: getattr(arguments, name) for name in given},
        )
    except ValidationError as error:
        raise InputError(first_fault(error)) from error


def _take(store: Store, path: Path, layout: Layout) -> bool:
    """Whether the whole file could be taken."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name its files, as in {path}/*.csv")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    run_id = write.begin_run(store, "import", SOURCE, str(path.resolve()))
    try:
        result = read_file(store, run_id, SOURCE, FileToRead(path, layout), partial(Progress(), path.name))
    except TomoniError as error:
        write.end_run(store, run_id, "failed", str(error))
        raise
    detail = f"{result.refused:,} rows refused" if result.refused else ""
    write.end_run(store, run_id, "done", detail)
    print(
        f"{path.name}: {result.read:,} rows, {result.written:,} of them new or changed"
        + (f"; {detail}" if detail else "")
    )
    if result.refused:
        _say_refusals(store, run_id, path)
    return not result.refused


def _say_refusals(store: Store, run_id: int, path: Path) -> None:
    with store.read() as db:
        shown = read.refusals(db, run_id).head(SHOWN)
    for row in shown.itertuples():
        print(f"{path.name}, line {row.line}: {row.reason}", file=sys.stderr)
