"""Files of events: deployments, incidents, changes, alerts, batch runs, builds and defects, one row each."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from metrics.errors import InputError
from metrics.model import Event, EventKind
from metrics.store.samples import EARLIEST, LATEST
from metrics.store.staging import delimiter, open_text

__all__ = ["KINDS", "EventRows", "Kind", "Whose", "read"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the columns of one kind of file become an event; the rest of `columns` goes to its attrs."""

    event: EventKind
    columns: tuple[str, ...]
    id: tuple[str, ...] = ("id",)
    started: str = "started_at"
    ended: str = "ended_at"
    status: str | None = None
    """The column that says how it went."""
    states: tuple[str | None, str] | None = None
    """Where no column does: what it is until it has ended, and then."""
    title: str | None = None
    """The column that is also its title."""


KINDS: Mapping[str, Kind] = {
    "deployments": Kind(
        "deployment",
        ("id", "service", "environment", "started_at", "finished_at", "status", "commit", "version", "kind"),
        ended="finished_at", status="status", title="version",
    ),
    "incidents": Kind(
        "incident",
        ("id", "service", "component", "started_at", "detected_at", "resolved_at", "severity",
         "caused_by_deployment"),
        ended="resolved_at", states=("open", "resolved"),
    ),
    "changes": Kind(
        "change",
        ("commit", "service", "authored_at", "merged_at", "deployed_by", "pull_request", "reverts"),
        id=("commit",), started="authored_at", ended="merged_at", states=(None, "merged"),
        title="pull_request",
    ),
    "alerts": Kind(
        "alert", ("id", "service", "component", "rule", "started_at", "ended_at", "severity"),
        states=("open", "resolved"), title="rule",
    ),
    "batch_runs": Kind(
        "batch_run",
        ("id", "service", "component", "job", "started_at", "ended_at", "status", "rows", "deadline"),
        status="status", title="job",
    ),
    "builds": Kind(
        "build",
        ("id", "service", "component", "pipeline", "job", "started_at", "ended_at", "status", "commit",
         "deployment"),
        status="status", title="job",
    ),
    "defects": Kind(
        "defect", ("id", "service", "component", "found_at", "fixed_at", "phase", "type"),
        started="found_at", ended="fixed_at", states=("open", "fixed"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whose:
    """What rows are taken to speak of where they don't say so themselves."""

    service: str
    component: str | None
    source: str


@dataclass(frozen=True, slots=True)
class EventRows:
    events: list[Event]
    faults: list[tuple[int, str, str]]
    """(line, reason, text) of the rows that can't be taken."""


def read(path: Path, file_format: str, kind: str, whose: Whose, columns: Mapping[str, str], zone: str) -> EventRows:
    """The events in a file, and its faulty rows. Raises InputError where a needed column is missing."""
    shape, taken = KINDS[kind], EventRows([], [])
    observed_at = datetime.now(UTC)
    for line, row in _rows(path, file_format, {*shape.id, shape.started}, columns):
        try:
            taken.events.append(_event(row, shape, whose, ZoneInfo(zone), observed_at))
        except ValueError as fault:
            taken.faults.append((line, str(fault), ",".join(row.values())))
    return taken


def _rows(
    path: Path, file_format: str, needed: set[str], columns: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) under our column names; empty cells are left out."""
    ours = {theirs: our for our, theirs in columns.items()}
    for line, row in _csv_rows(path) if file_format == "csv" else _parquet_rows(path):
        if missing := sorted(name for name in needed if columns.get(name, name) not in row):
            raise InputError(
                f"{path}: no column `{missing[0]}`; it has {', '.join(row)}. Map one with --column {missing[0]}=NAME."
            )
        yield (
            line,
            {ours.get(name, name): text.strip() for name, text in row.items() if name and text and text.strip()},
        )


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with open_text(path) as lines:
        reader = csv.DictReader(lines, delimiter=delimiter(path), restval="")
        if not reader.fieldnames:
            raise InputError(f"{path}: is empty; the first line must name the columns.")
        try:
            for row in reader:
                row.pop(None, None)  # cells beyond the header
                yield reader.line_num, row
        except (OSError, EOFError, csv.Error) as error:
            raise InputError(f"{path}: can't be read beyond line {reader.line_num}: {error}.") from error


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: can't be read as parquet: {str(error).splitlines()[0]}") from error
    for number, row in enumerate(frame.to_dict("records"), start=1):
        yield (
            number,
            {
                str(name): "" if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell)
                for name, cell in row.items()
            },
        )


def _event(row: Mapping[str, str], kind: Kind, whose: Whose, zone: ZoneInfo, observed_at: datetime) -> Event:
    own = {*kind.id, "service", "component", kind.started, kind.ended, kind.status} - {None}
    started, ended = _time(row, kind.started, zone), _time(row, kind.ended, zone)
    if started is None:
        raise ValueError(f"{kind.started} is empty")
    if ended and ended < started:
        raise ValueError(f"{kind.ended} {row[kind.ended]!r} is before {kind.started} {row[kind.started]!r}")
    if missing := [name for name in kind.id if not row.get(name)]:
        raise ValueError(f"{missing[0]} is empty")
    return Event(
        service=row.get("service", whose.service),
        kind=kind.event,
        id="/".join(row[name] for name in kind.id),
        started_at=started,
        ended_at=ended,
        source=whose.source,
        observed_at=observed_at,
        component=row.get("component", whose.component),
        status=_status(row, kind, ended),
        title=row.get(kind.title, "") if kind.title else "",
        attrs={name: row[name] for name in kind.columns if name in row and name not in own},
    )


def _status(row: Mapping[str, str], kind: Kind, ended: datetime | None) -> str | None:
    if kind.states:
        return kind.states[ended is not None]
    return row.get(kind.status) if kind.status else None


def _time(row: Mapping[str, str], name: str, zone: ZoneInfo) -> datetime | None:
    text = row.get(name)
    if not text:
        return None
    try:
        time = (
            datetime.fromtimestamp(int(text), UTC)
            if text.isdigit() and len(text) > 8
            else datetime.fromisoformat(text)
        )
        # Far outside what a calendar holds, even the change to UTC overflows.
        utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {text!r} is not a time; use 2026-01-31T09:00:00Z, or seconds since 1970") from None
    if not EARLIEST <= utc.replace(tzinfo=None) < LATEST:
        raise ValueError(f"{name} {text!r} is not from {EARLIEST.year} to {LATEST.year}")
    return utc
