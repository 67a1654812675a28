"""detect: one detector over one CSV, without a store."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from metrics.cli_flags import a_time
from metrics.errors import InputError
from metrics.model import Insufficient

if TYPE_CHECKING:
    from metrics.cli_detect_csv import Sheet

__all__ = ["add_verbs"]

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector says, as rows of its own columns, and what its JSON calls them."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    said: Row
    """The same as JSON has it."""


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Detect, with its flags."""
    verb = verbs.add_parser(
        "detect",
        help="run one detector over a CSV",
        description="Runs one detector over a CSV with the columns timestamp and value, and prints what it finds. "
        "Nothing is stored. docs/commands.md says what each kind prints.",
    )
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument("--kind", required=True, choices=tuple(KINDS), help="what to look for")
    verb.add_argument(
        "--limit", type=_a_number, metavar="X", help="what must not be crossed, for forecast and threshold"
    )
    verb.add_argument("--falling", action="store_true", help="the limit is a floor, as for free space")
    verb.add_argument("--until", type=a_time, metavar="T", help="when a silence is looked at (now)")
    verb.add_argument(
        "--time-zone", default="UTC", metavar="ZONE", help="of days, and of times without an offset (UTC)"
    )
    verb.add_argument("--format", choices=("csv", "json"), help="csv for spike, else json")
    verb.set_defaults(run=_detect)


def _a_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; write one, as in 90 or 8.5e9")
    return number


def _detect(arguments: argparse.Namespace) -> int:
    _refuse_odd_flags(arguments)
    from metrics.cli_detect_csv import read_sheet

    found = KINDS[arguments.kind](read_sheet(arguments.file, arguments.time_zone), arguments)
    if (arguments.format or ("csv" if arguments.kind == "spike" else "json")) == "json":
        print(json.dumps(found.said))
        return 0
    writer = csv.DictWriter(sys.stdout, found.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found.rows)
    return 0


def _refuse_odd_flags(arguments: argparse.Namespace) -> None:
    """A flag that would be ignored is a question that would not be answered."""
    kind, needs_limit = arguments.kind, arguments.kind in LIMITED
    if arguments.limit is None and needs_limit:
        raise InputError(f"--limit is needed with --kind {kind}: say what must not be crossed, as in --limit 90")
    if not needs_limit and (arguments.limit is not None or arguments.falling):
        flag = "--limit" if arguments.limit is not None else "--falling"
        raise InputError(
            f"{flag} means nothing with --kind {kind}; leave it out, or use --kind {' or '.join(LIMITED)}"
        )
    if arguments.until is not None and kind != "silence":
        raise InputError(f"--until means nothing with --kind {kind}; leave it out, or use --kind silence")
    if arguments.time_zone not in available_timezones():
        raise InputError(f"--time-zone: there is no {arguments.time_zone!r}; use an IANA name such as Asia/Tokyo")


def _spike(sheet: Sheet, _: argparse.Namespace) -> Found:
    from metrics.analysis.spike import scores

    columns = ("timestamp", "value", "score")
    found = sheet.by_row(scores(sheet.signal)).round(9).tolist()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(sheet.timestamps, sheet.written, found, strict=True)]
    return Found(columns, rows, {"scores": rows})


def _shift(sheet: Sheet, _: argparse.Namespace) -> Found:
    from metrics.analysis.shift import shifts

    found = shifts(sheet.signal)
    rows: list[Row] = []
    if not isinstance(found, Insufficient):
        rows = [
            {
                "index": int(sheet.rows[each.index]),
                "timestamp": _time(each.since),
                "before": each.before,
                "after": each.after,
            }
            for each in found
        ]
    return Found(("index", "timestamp", "before", "after"), rows, {"changes": rows} | _shortage(found))


def _drift(sheet: Sheet, _: argparse.Namespace) -> Found:
    from metrics.analysis.drift import drift

    found = drift(sheet.signal)
    row: Row | None = None
    if found is not None and not isinstance(found, Insufficient):
        row = {"per_day": found.per_day, "total": found.total, "since": _time(found.since)}
    return Found(("per_day", "total", "since"), [row] if row else [], {"drift": row} | _shortage(found))


def _burst(sheet: Sheet, _: argparse.Namespace) -> Found:
    from metrics.analysis.burst import burst

    found = burst(sheet.signal)
    row: Row | None = None
    if found is not None and not isinstance(found, Insufficient):
        row = {"since": _time(found.since), "ratio": found.ratio}
    return Found(("since", "ratio"), [row] if row else [], {"burst": row} | _shortage(found))


def _forecast(sheet: Sheet, arguments: argparse.Namespace) -> Found:
    from metrics.analysis.forecast import forecast

    found = forecast(sheet.signal, arguments.limit, rising=not arguments.falling)
    row: Row = dict.fromkeys(("crosses_at", "early", "late"))
    if found is not None and not isinstance(found, Insufficient):
        row = {"crosses_at": _time(found.likely), "early": _time(found.early), "late": _time(found.late)}
    return Found(tuple(row), [row], row | _shortage(found))


def _silence(sheet: Sheet, arguments: argparse.Namespace) -> Found:
    from metrics.analysis.silence import lapses

    found = lapses(sheet.signal, arguments.until or datetime.now(UTC))
    rows: list[Row] = []
    if not isinstance(found, Insufficient):
        rows = [
            {
                "kind": each.kind,
                "since": _time(each.since),
                "until": _time(each.until),
                "expected": each.before,
                "found": each.after,
            }
            for each in found
        ]
    return Found(("kind", "since", "until", "expected", "found"), rows, {"silences": rows} | _shortage(found))


def _threshold(sheet: Sheet, arguments: argparse.Namespace) -> Found:
    from metrics.analysis.threshold import exceedances

    found = exceedances(sheet.signal, arguments.limit, better="higher" if arguments.falling else "lower")
    rows: list[Row] = [
        {"since": _time(each.since), "until": _time(each.until), "worst": each.after, "share": each.share}
        for each in found
    ]
    return Found(("since", "until", "worst", "share"), rows, {"exceedances": rows})


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    form = "microseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=form) + "Z"


def _shortage(found: object) -> Row:
    """That nothing was found says little where there was too little to look at."""
    if isinstance(found, Insufficient):
        return {"insufficient": {"needed": found.needed, "have": found.have}}
    return {}


KINDS: dict[str, Callable[[Sheet, argparse.Namespace], Found]] = {
    "spike": _spike,
    "shift": _shift,
    "drift": _drift,
    "burst": _burst,
    "forecast": _forecast,
    "silence": _silence,
    "threshold": _threshold,
}
LIMITED = ("forecast", "threshold")
