"""Alarms of CloudWatch and their history, as the JSON that AWS answers; moto answers no history at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, Cloud, RefusedError, serve

TYPES = ("MetricAlarm", "CompositeAlarm")
# How long after the evaluation a change is made, as in AWS's own example of this call.
AFTER = timedelta(milliseconds=23)


def state(value: str, at: datetime | None, reason: str = "") -> dict[str, object]:
    """One side of a change. Without a time it was set by hand, or is of a composite alarm."""
    told: dict[str, object] = {"stateValue": value, "stateReason": reason or f"it is {value}"}
    if at:
        said = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
        told["stateReasonData"] = {"version": "1.0", "queryDate": said, "period": 300, "threshold": 80.0}
    return told


@dataclass
class Account:
    """What a test puts into it, in any order."""

    alarms: dict[str, dict[str, object]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    def alarm(self, name: str, since: datetime | None = None, **rest: object) -> None:
        """A metric alarm that is on `since` then."""
        row = {
            "AlarmName": name,
            "StateValue": "ALARM" if since else "OK",
            "StateReason": "Threshold Crossed",
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/RDS",
            "Threshold": 80.0,
        }
        if since:
            row["StateTransitionedTimestamp"] = (since + AFTER).timestamp()
            row["StateReasonData"] = json.dumps(state("ALARM", since)["stateReasonData"])
        self.alarms[name] = {key: value for key, value in {**row, **rest}.items() if value is not None}

    def change(
        self, name: str, old: str, new: str, at: datetime, before: datetime | None = None, **rest: object
    ) -> None:
        """One StateUpdate: `before` is when the old state was evaluated."""
        self.put(
            name, at + AFTER, {"version": "1.0", "oldState": state(old, before), "newState": state(new, at)}, **rest
        )

    def put(self, name: str, at: datetime, data: object, kind: str = "StateUpdate", **rest: object) -> None:
        told = data if isinstance(data, str) else json.dumps(data)
        item = {"AlarmName": name, "AlarmType": "MetricAlarm", "Timestamp": at.timestamp(), "HistoryItemType": kind}
        self.history.append({**item, "HistoryData": told, "HistorySummary": "", **rest})

    def was_on(self, name: str, start: datetime, end: datetime | None) -> None:
        self.change(name, "OK", "ALARM", start, start - timedelta(days=1))
        if end:
            self.change(name, "ALARM", "OK", end, start)

    def forget(self, before: datetime) -> None:
        """As CloudWatch does after 30 days."""
        self.history = [item for item in self.history if item["Timestamp"] >= before.timestamp()]

    def describe(self, asked: Mapping[str, Any]) -> Mapping[str, object]:
        names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix")
        if (names is not None and prefix is not None) or len(names or ()) > 100 or prefix == "":
            raise RefusedError(400, "ValidationError", "names or a prefix, at most 100 names")
        rows = [
            row
            for name, row in sorted(self.alarms.items())
            if (names is None or name in names) and (prefix is None or name.startswith(prefix))
        ]
        page, more = _page(rows, asked)
        kinds = {kind: [row for row in page if _type(row) == kind] for kind in asked.get("AlarmTypes", TYPES[:1])}
        return {"MetricAlarms": kinds.get(TYPES[0], []), "CompositeAlarms": kinds.get(TYPES[1], []), **more}

    def told(self, asked: Mapping[str, Any]) -> Mapping[str, object]:
        """Newest first unless asked otherwise, metric alarms only unless asked otherwise."""
        rows = [
            item
            for item in sorted(self.history, key=lambda item: item["Timestamp"])
            if asked.get("HistoryItemType") in (None, item["HistoryItemType"])
            and asked.get("AlarmName") in (None, item["AlarmName"])
            and item["AlarmType"] in asked.get("AlarmTypes", TYPES[:1])
            and asked.get("StartDate", 0) <= item["Timestamp"] <= asked.get("EndDate", 1e12)
        ]
        page, more = _page(rows if asked.get("ScanBy") == "TimestampAscending" else rows[::-1], asked)
        return {"AlarmHistoryItems": page, **more}

    def cloud(self) -> Cloud:
        return Cloud(json_answers={"DescribeAlarms": self.describe, "DescribeAlarmHistory": self.told})


def _type(row: Mapping[str, object]) -> str:
    return TYPES["AlarmRule" in row]


def _page(rows: list[Any], asked: Mapping[str, Any]) -> tuple[list[Any], Mapping[str, str]]:
    most, first = asked.get("MaxRecords", 50), int(asked.get("NextToken", 0))
    if not 1 <= most <= 100:
        raise RefusedError(400, "ValidationError", "MaxRecords")
    return rows[first : first + most], {"NextToken": str(first + most)} if first + most < len(rows) else {}


def source(cloud: Cloud, targets: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """What stands under the source in tomoni.yaml."""
    keys = {"region": "eu-west-1", "access_key_id": KEY, "secret_access_key": SECRET}
    return {"endpoint_url": cloud.url, **keys, "targets": list(targets)}


@cache
def example(now: datetime, *, busy: bool = True) -> Mapping[str, object]:
    """Two alarms of a database that answer until the process ends; one of them is on."""
    account = Account()
    account.alarm("aurora-cpu", now - timedelta(hours=2) if busy else None)
    account.alarm("aurora-memory")
    if busy:
        account.was_on("aurora-cpu", now - timedelta(days=3), now - timedelta(days=3) + timedelta(minutes=40))
        account.was_on("aurora-cpu", now - timedelta(hours=2), None)
        account.was_on("aurora-memory", now - timedelta(days=9), now - timedelta(days=6))
    cloud = account.cloud()
    serve(cloud)
    return source(cloud, [{"service": "jobs", "component": "db", "alarms": ["aurora-*"]}])
