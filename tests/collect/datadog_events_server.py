"""Datadog's lists of events, incidents, downtimes and monitors, with the ways in which each of them ends.

Replies have the shapes of the recordings that come with Datadog's own client. A page of events always tells an `after`,
also the last one that holds any; the empty page behind it tells none.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from metrics.model import Window
from tests.collect import datadog_server
from tests.collect.datadog_server import API_KEY, APP_KEY, Asked
from tests.collect.served import for_good, within

DAY = datetime(2026, 6, 3, tzinfo=UTC)
SCOPES = {
    "/api/v2/events/search": "events_read",
    "/api/v2/incidents": "incident_read",
    "/api/v2/downtime": "monitors_downtime",
    "/api/v1/monitor": "monitors_read",
}


def clock(text: str, day: int = 0) -> datetime:
    """`09:30` or `09:30:15` of DAY, or of a day after or before it."""
    hour, minute, second = (*map(int, text.split(":")), 0)[:3]
    return DAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


TODAY = Window(DAY, DAY + timedelta(days=1))


def told(
    at: datetime,
    status: str,
    monitor: int = 7,
    group: str = "host:web-1",
    *,
    lasted: timedelta | None = None,
    name: str | None = "CPU is high",
    tags: Sequence[str] = ("service:web", "env:prod"),
) -> dict[str, Any]:
    """One notification, as the events endpoint gives it."""
    ms = round(at.timestamp() * 1000)
    attributes = {
        "monitor_id": monitor,
        "monitor_groups": group.split(",") if group else [],
        "status": status,
        "timestamp": ms,
        "title": f"[Triggered on {{{group}}}] {name}",
        "evt": {"id": f"{ms}{monitor}{zlib.crc32(f'{group} {status}'.encode())}", "type": "alert"},
        "monitor": {"id": monitor, "name": name, "tags": list(tags), "transition": {"trans_name": "Triggered"}},
        **({"duration": round(lasted.total_seconds() * 1e9)} if lasted else {}),
    }
    if name is None:
        del attributes["monitor"]
    iso = at.isoformat().replace("+00:00", "Z")
    outer = {"attributes": attributes, "message": "", "tags": ["source:alert", *tags], "timestamp": iso}
    return {"type": "event", "id": f"AgAA{ms}-{monitor}-{group}-{status}", "attributes": outer}


def incident(number: int, created: datetime, **said: object) -> dict[str, Any]:
    fields = {name: said.pop(name, None) for name in ("services", "teams")}
    attributes = {
        "public_id": number, "title": f"Incident {number}", "created": created.isoformat(),
        "modified": created.isoformat(), "detected": created.isoformat(), "resolved": None,
        "customer_impact_start": None, "customer_impact_end": None, "customer_impacted": False, "is_test": False,
        "severity": "UNKNOWN", "state": "active",
        "fields": {
            name: {"type": "autocomplete", "value": value} for name, value in fields.items()
        } | {"severity": {"type": "dropdown", "value": said.get("severity", "UNKNOWN")}},
        **{name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()},
    }  # fmt: skip
    return {"type": "incidents", "id": f"00000000-0000-0000-0000-{number:012}", "attributes": attributes}


def downtime(
    name: str, start: datetime, end: datetime | None = None, *, monitor: int | None = None, **said: object
) -> dict[str, Any]:
    whose = {"monitor_id": monitor} if monitor else {"monitor_tags": said.pop("monitor_tags", ["*"])}
    attributes = {
        "schedule": {"start": start.isoformat(), "end": end and end.isoformat()}, "scope": "*", "status": "active",
        "monitor_identifier": whose, "created": start.isoformat(), "modified": start.isoformat(), "canceled": None,
        "message": None, "mute_first_recovery_notification": False, "display_timezone": "UTC",
        **said,
    }  # fmt: skip
    return {"type": "downtime", "id": name, "attributes": attributes}


class Account(datadog_server.Datadog):
    """One account, with what happened in it."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = _Handler
        self.scopes = set(SCOPES.values())
        self.events: list[dict[str, Any]] = []
        self.incidents: list[dict[str, Any]] = []
        self.downtimes: list[dict[str, Any]] = []
        self.monitors: list[dict[str, Any]] = []
        self.largest_page = 1_000

    def searches(self) -> list[Mapping[str, Any]]:
        return [asked.body for asked in self.of("/events/search")]


class _Handler(datadog_server._Handler):
    server: Account

    def _right(self, asked: Asked) -> tuple[int, object]:
        if self.headers.get("DD-API-KEY") != API_KEY:
            return 403, {"errors": ["Forbidden"]}
        if asked.path == "/api/v1/validate":
            return 200, {"valid": True}
        if self.headers.get("DD-APPLICATION-KEY") != APP_KEY:
            return 401, {"errors": ["Unauthorized"]}
        path, asks = urlsplit(asked.path).path, parse_qs(urlsplit(asked.path).query)
        if SCOPES[path] not in self.server.scopes:
            return 403, {"errors": ["Forbidden"]}
        if path.endswith("/search"):
            return 200, self.server.change(_search(self.server, asked.body))
        number = {name: int(values[0]) for name, values in asks.items()}
        if path.endswith("/incidents"):
            start, size = number["page[offset]"], min(number["page[size]"], 100)
            meta = {"pagination": {"offset": start, "next_offset": start + size, "size": size}}
            return 200, self.server.change({"data": self.server.incidents[start : start + size], "meta": meta})
        if path.endswith("/downtime"):
            start, size = number["page[offset]"], min(number["page[limit]"], self.server.largest_page)
            meta = {"page": {"total_filtered_count": len(self.server.downtimes)}}
            return 200, {"data": self.server.downtimes[start : start + size], "meta": meta}
        start = number["page"] * number["page_size"]
        return 200, self.server.monitors[start : start + number["page_size"]]


def _search(server: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    wanted, page = body["filter"], body["page"]
    start, end = int(wanted["from"]), int(wanted["to"])
    found = sorted((each for each in server.events if _fits(each, wanted["query"], start, end)), key=_when)
    if body["sort"].startswith("-"):
        found.reverse()
    first = int(base64.b64decode(page["cursor"])) if "cursor" in page else 0
    data = found[first : first + min(page["limit"], server.largest_page)]
    if not data:
        return {"data": []}
    return {"data": data, "meta": {"page": {"after": base64.b64encode(b"%d" % (first + len(data))).decode()}}}


def _when(event: Mapping[str, Any]) -> tuple[int, str]:
    return event["attributes"]["attributes"]["timestamp"], event["id"]


def _fits(event: Mapping[str, Any], query: str, start: int, end: int) -> bool:
    outer = event["attributes"]
    inner = outer["attributes"]
    terms = re.findall(r"[^\s()]+", query)
    assert terms[0] == "source:alert"
    asked = [term for term in terms[1:] if term != "OR"]
    has = {*outer["tags"], f"@monitor.id:{inner.get('monitor_id')}"}
    return start <= inner["timestamp"] <= end and (not asked or any(term in has for term in asked))


def running() -> AbstractContextManager[Account]:
    return within(Account())


NINE: Sequence[tuple[str, str, str]] = (
    ("01:00", "error", "host:web-1"),  # the first, until 01:20
    ("01:20", "ok", "host:web-1"),
    ("02:00", "warn", "host:web-2"),  # the second, and so on
    ("03:00", "error", "host:web-1"),  # the same host, and another episode
    ("04:00", "error", "host:web-3"),
    ("04:10", "error", "host:web-3"),  # still the same
    ("05:00", "error", "host:web-4"),
    ("06:00", "warn", "host:web-5"),
    ("07:00", "error", "host:web-6"),
)
"""Nine notifications of seven episodes."""


@cache
def shared() -> Account:
    server = Account()
    server.events = [told(clock(at), status, group=group) for at, status, group in NINE]
    server.incidents = [incident(3, clock("09:00"), services=["web"], severity="SEV-2")]
    return for_good(server)


def example(component: str = "web") -> dict[str, object]:
    """What stands under the source in tomoni.yaml."""
    target = {"component": component, "monitors": ["service:{component}"], "incidents": {"services": ["{component}"]}}
    return {"host": shared().url, "api_key": API_KEY, "app_key": APP_KEY, "targets": [target]}
