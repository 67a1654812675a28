"""What happened, by Datadog's own client: notifications, incidents, downtimes and monitors, each list to its end."""

# The client has types for its models, and none for its functions.
# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any, TypeVar

import httpx
from datadog_api_client.v1.api.monitors_api import MonitorsApi
from datadog_api_client.v2.api.downtimes_api import DowntimesApi
from datadog_api_client.v2.api.events_api import EventsApi
from datadog_api_client.v2.api.incidents_api import IncidentsApi
from datadog_api_client.v2.model.events_list_request import EventsListRequest
from datadog_api_client.v2.model.events_query_filter import EventsQueryFilter
from datadog_api_client.v2.model.events_request_page import EventsRequestPage
from datadog_api_client.v2.model.events_sort import EventsSort

from metrics.collect._datadog.client import Datadog
from metrics.collect._datadog.notice import Downtime, Incident, Notice, downtime, incident, notice
from metrics.collect._datadog.refusal import ForbiddenError, RefusedError
from metrics.collect._datadog.scope import WHAT, ScopeError
from metrics.model import Window

__all__ = ["Happened"]

T = TypeVar("T")
# The most that each endpoint gives at once.
EVENTS, INCIDENTS, DOWNTIMES, MONITORS = 1_000, 100, 100, 1_000


class Happened(Datadog):
    """One account, asked for what happened in it."""

    def __init__(self, base_url: str, api_key: str, app_key: str, http: httpx.Client) -> None:
        super().__init__(base_url, api_key, app_key, http)
        # The client counts it as unstable: with False it refuses to ask, with True it warns each time.
        # Its short name, since setting it by the whole one raises.
        self._client.configuration.unstable_operations["list_incidents"] = None
        self._events, self._incidents = EventsApi(self._client), IncidentsApi(self._client)
        self._downtimes, self._monitors = DowntimesApi(self._client), MonitorsApi(self._client)

    def notices(self, window: Window, query: str, *, newest_first: bool = False) -> Iterator[Notice]:
        """Notifications in a window. The list ends where no `after` comes; a short page is no end."""
        sort = EventsSort.TIMESTAMP_DESCENDING if newest_first else EventsSort.TIMESTAMP_ASCENDING
        start, end = (f"{round(time.timestamp() * 1000)}" for time in (window.start, window.end))
        wanted = EventsQueryFilter(_from=start, query=query, to=end)
        after: str | None = None
        while True:
            page = EventsRequestPage(limit=EVENTS, **({"cursor": after} if after else {}))
            body = EventsListRequest(filter=wanted, page=page, sort=sort)
            reply = self._read("events_read", partial(self._events.search_events, body=body))
            yield from (each for each in self._parsed(notice, reply) if window.start <= each.at < window.end)
            last, after = after, ((reply.get("meta") or {}).get("page") or {}).get("after")
            # One that repeats itself would never end.
            if not after or after == last or not reply.get("data"):
                return

    def incidents(self) -> Iterator[Incident]:
        """All that the account has; the list ends with a page that is not full."""
        for start in count(0, INCIDENTS):
            ask = partial(self._incidents.list_incidents, page_size=INCIDENTS, page_offset=start)
            reply = self._read("incident_read", ask)
            yield from self._parsed(incident, reply)
            if len(reply["data"]) < INCIDENTS:
                return

    def downtimes(self) -> Iterator[Downtime]:
        """All that the account keeps; the list ends where as many have come as it says that there are."""
        came = 0
        while True:
            ask = partial(self._downtimes.list_downtimes, page_limit=DOWNTIMES, page_offset=came)
            reply = self._read("monitors_downtime", ask)
            yield from self._parsed(downtime, reply)
            page = len(reply["data"])
            came += page
            whole = ((reply.get("meta") or {}).get("page") or {}).get("total_filtered_count")
            if not page or (came >= whole if whole is not None else page < DOWNTIMES):
                return

    def monitors(self) -> Iterator[tuple[int, str, frozenset[str]]]:
        """(id, name, tags) of each monitor; the list ends with a page that is not full."""
        for number in count():
            found = self._of("monitors_read", partial(self._some_monitors, number))
            yield from found
            if len(found) < MONITORS:
                return

    def _some_monitors(self, page: int) -> list[tuple[int, str, frozenset[str]]]:
        listed = self._monitors.list_monitors(page=page, page_size=MONITORS)
        return [(int(each.id), str(each.name), frozenset(each.get("tags") or ())) for each in listed]

    def _read(self, scope: str, ask: Callable[[], Any]) -> dict[str, Any]:
        reply: dict[str, Any] = self._of(scope, lambda: ask().to_dict())
        if not isinstance(reply.get("data"), list):
            raise RefusedError(f"Datadog's reply about {WHAT[scope]} has no data in it")
        return reply

    def _of(self, scope: str, ask: Callable[[], T]) -> T:
        try:
            return self._answered(ask)
        except ForbiddenError:
            raise ScopeError(scope) from None

    def _parsed(self, parse: Callable[[Any], T | None], reply: dict[str, Any]) -> list[T]:
        found = self._answered(lambda: [parse(raw) for raw in reply["data"]])
        return [each for each in found if each is not None]
