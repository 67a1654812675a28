"""An account's alarms as CloudWatch tells them: what they are now, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from metrics.collect._cloudwatch.session import Account
from metrics.collect._cloudwatch_alarms.episode import ALARM, Change, Folded, change_of, folded, since
from metrics.collect._cloudwatch_alarms.names import Names
from metrics.errors import SourceError
from metrics.model import Window

__all__ = ["DESCRIBE", "HISTORY", "Alarm", "Alarms"]

DESCRIBE: Final = "cloudwatch:DescribeAlarms"
HISTORY: Final = "cloudwatch:DescribeAlarmHistory"
# Composite alarms are told only where they are asked for.
_TYPES: Final = ["MetricAlarm", "CompositeAlarm"]
_PAGE: Final = {"PageSize": 100}
_MOST_NAMES: Final = 100

# `Any`: whatever AWS's models hold.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What an alarm is now."""

    name: str
    on_since: datetime | None
    """Since when it is on; None where it is not."""
    metric: str | None = None
    namespace: str | None = None
    threshold: float | None = None
    reason: str = ""


class Alarms:
    """The alarms that some names stand for; each call is made once a run, however many windows it asks for."""

    def __init__(self, account: Account, names: Names, at: datetime) -> None:
        self._account, self._names = account, names
        self.at = at
        self._known: Mapping[str, Alarm] | None = None
        self._told: dict[str, Folded] = {}
        self._unclear: dict[str, int] = {}

    @property
    def region(self) -> str:
        return self._account.region

    @property
    def known(self) -> Mapping[str, Alarm]:
        """Those that there are now, by name. Raises RefusedError."""
        if self._known is None:
            rows = [row for asked in _asked(self._names) for row in self._described(**asked)]
            self._known = {row["AlarmName"]: _alarm(row) for row in rows if self._names.match(row["AlarmName"])}
        return self._known

    def changed(self, window: Window) -> Sequence[str]:
        """Every alarm that may have been on in the window. Raises RefusedError.

        Those that names tell in full are looked at anyway. For the others the whole account's history is read: it
        alone tells of alarms that are deleted by now.
        """
        found = dict.fromkeys(self._names.full)
        found |= dict.fromkeys(name for name, alarm in self.known.items() if alarm.on_since)
        if self._names.patterns:
            for kind in ("StateUpdate", "ConfigurationUpdate"):
                items = self._history(kind, StartDate=window.start, EndDate=window.end)
                found |= dict.fromkeys(item["AlarmName"] for item in items if self._names.match(item["AlarmName"]))
        return list(found)

    def episodes(self, name: str) -> Folded:
        """All that CloudWatch still knows, whatever the window: so each piece of a run says the same of it."""
        if name not in self._told:
            changes = list(self._changes(name))
            alarm = self.known.get(name)
            told = folded(changes, alarm.on_since if alarm else None)
            if alarm is None and told.episodes and told.episodes[-1].ended_at is None:
                told = folded(changes, None, self._deleted(name))
            self._told[name] = told
        return self._told[name]

    def unclear(self, name: str) -> int:
        """How many changes of the alarm could not be understood."""
        self.episodes(name)
        return self._unclear.get(name, 0)

    def is_there(self, name: str) -> bool:
        """Whether there is such an alarm, or was one lately."""
        return name in self.known or bool(self.episodes(name).episodes) or bool(self.episodes(name).lost)

    def may_read_history(self) -> None:
        """Raises RefusedError where it may not."""
        call = self._account.client("cloudwatch").describe_alarm_history
        if "AlarmHistoryItems" not in self._account.asked(call, HISTORY, AlarmTypes=_TYPES, MaxRecords=1):
            raise _no_list(HISTORY)

    def _described(self, **asked: object) -> Iterator[Row]:
        call = self._account.client("cloudwatch").describe_alarms
        for page in self._account.pages(call, DESCRIBE, AlarmTypes=_TYPES, PaginationConfig=_PAGE, **asked):
            if not {"MetricAlarms", "CompositeAlarms"} & set(page):
                raise _no_list(DESCRIBE)
            yield from page.get("MetricAlarms") or ()
            yield from page.get("CompositeAlarms") or ()

    def _history(self, kind: str, **asked: object) -> Iterator[Row]:
        call = self._account.client("cloudwatch").describe_alarm_history
        asked = {"HistoryItemType": kind, "ScanBy": "TimestampAscending", "AlarmTypes": _TYPES, **asked}
        for page in self._account.pages(call, HISTORY, PaginationConfig=_PAGE, **asked):
            if "AlarmHistoryItems" not in page:
                raise _no_list(HISTORY)
            yield from page["AlarmHistoryItems"]

    def _changes(self, name: str) -> Iterator[Change]:
        for item in self._history("StateUpdate", AlarmName=name):
            try:
                yield change_of(item)
            except (AttributeError, KeyError, TypeError, ValueError):
                self._unclear[name] = self._unclear.get(name, 0) + 1

    def _deleted(self, name: str) -> datetime | None:
        times = [
            item["Timestamp"].astimezone(UTC)
            for item in self._history("ConfigurationUpdate", AlarmName=name)
            if _is_deletion(item)
        ]
        return times[-1] if times else None


def _no_list(action: str) -> SourceError:
    """AWS sends an empty list where it has nothing; anything else is somebody else's answer."""
    return SourceError(f"{action} was answered with no list of it: check `endpoint_url`, or any proxy")


def _asked(names: Names) -> Iterator[Mapping[str, object]]:
    """The calls that describe all that the names stand for."""
    for first in range(0, len(names.full), _MOST_NAMES):
        yield {"AlarmNames": list(names.full[first : first + _MOST_NAMES])}
    for prefix in names.prefixes:
        yield {"AlarmNamePrefix": prefix} if prefix else {}


def _alarm(row: Row) -> Alarm:
    said = row.get("StateTransitionedTimestamp") or row.get("StateUpdatedTimestamp")
    is_on, threshold = row.get("StateValue") == ALARM, row.get("Threshold")
    return Alarm(
        name=row["AlarmName"],
        on_since=since(said.astimezone(UTC), row.get("StateReasonData")) if said and is_on else None,
        metric=row.get("MetricName") or _reckoned(row),
        namespace=row.get("Namespace"),
        threshold=None if threshold is None else float(threshold),
        reason=str(row.get("StateReason") or ""),
    )


def _reckoned(row: Row) -> str | None:
    """What an alarm looks at that rests on several metrics, or on other alarms."""
    for each in row.get("Metrics") or ():
        if each.get("ReturnData", True):
            said = each.get("Label") or each.get("Expression")
            metric = each.get("MetricStat", {}).get("Metric", {}).get("MetricName")
            return str(said or metric) if said or metric else None
    return str(row["AlarmRule"]) if row.get("AlarmRule") else None


def _is_deletion(item: Row) -> bool:
    try:
        told = json.loads(item.get("HistoryData") or "{}")
    except ValueError:
        told = {}
    is_said = isinstance(told, dict) and told.get("type") == "Delete"
    return is_said or str(item.get("HistorySummary", "")).endswith("deleted")
