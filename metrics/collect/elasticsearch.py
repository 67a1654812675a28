"""elasticsearch: requests, errors and latency by endpoint, out of access and error logs, also those in OpenSearch.

All figures are made by the server. A request asks about one UTC day at most and speaks plain JSON, which every
version of both servers understands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import httpx
import numpy as np
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from metrics.catalog import load
from metrics.collect import Sign
from metrics.collect._elasticsearch.endpoint import OTHER
from metrics.collect._elasticsearch.line import ERRORS, OF_ACCESSES, Line, access_lines, error_lines
from metrics.collect._elasticsearch.listing import DAY, LATE, Kept, kept_on
from metrics.collect._elasticsearch.question import Logs, Stretch, access_log, error_log
from metrics.collect._elasticsearch.refusal import NotAnsweredError
from metrics.collect._elasticsearch.search import Search
from metrics.collect._elasticsearch.signs import signs
from metrics.collect._elasticsearch.target import Target
from metrics.config import Duration
from metrics.model import Coverage, CoverageState, Points, Series, Window

__all__ = ["BACKFILL", "RECOLLECT", "RECOLLECT_DAILY", "SLICE", "Settings", "Target", "check", "collect"]

SOURCE: Final = "elasticsearch"
# Logs are seldom kept longer.
BACKFILL = timedelta(days=30)
# Shippers deliver late: hours after a break, as long as they keep what they could not send.
RECOLLECT = timedelta(hours=6)
RECOLLECT_DAILY = LATE
SLICE = DAY
# A bucket is asked for once it has been over for this long.
DELAY: Final = timedelta(minutes=2)


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which server, as whom, and in how much detail."""

    base_url: str
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    step: Duration = timedelta(minutes=5)
    top: int = Field(30, ge=0, le=200)
    targets: tuple[Target, ...] = ()

    @field_validator("base_url")
    @classmethod
    def _address(cls, written: str) -> str:
        try:
            url = httpx.URL(written)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
            raise ValueError("it is no address of a server; write one as in https://logs.internal:9200")
        return written.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, written: SecretStr | None) -> SecretStr | None:
        # Else the client refuses the header, and quotes it.
        if written and not re.fullmatch("[!-~]+", written.get_secret_value()):
            raise ValueError(
                "it is no API key; write what its creation shows as `encoded`, without spaces or line ends"
            )
        return written

    @field_validator("step")
    @classmethod
    def _divides_a_day(cls, step: timedelta) -> timedelta:
        if step < timedelta(minutes=1) or DAY % step:
            raise ValueError("days don't divide into it; write 1m, 5m, 10m, 15m, 30m, 1h, 6h or 1d")
        return step

    @model_validator(mode="after")
    def _one_login(self) -> Settings:
        # Said of all settings at once, since what is said of one quotes it.
        if httpx.URL(self.base_url).userinfo:
            raise ValueError("`base_url` has a login in it; write `username` and `password` by themselves")
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together")
        if self.api_key and self.username:
            raise ValueError("write either `api_key`, or `username` and `password`")
        return self


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Coverage]:
    """Each component's figures as a whole and by endpoint, newest day first."""
    search = _search(settings, http)
    for target in settings.targets:
        asked = [_Asked(settings, target, day) for day in _days(window)]
        for day in asked:
            yield from day.answers(search)
        yield from _not_named(asked)


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Whether the server answers, and whether each component's indexes and fields are there to be read."""
    return signs(_search(settings, http), settings.targets, settings.top)


def _search(settings: Settings, http: httpx.Client) -> Search:
    headers = {"Accept": "application/json"}
    if settings.api_key:
        headers["Authorization"] = f"ApiKey {settings.api_key.get_secret_value()}"
    elif settings.username and settings.password:
        login = httpx.BasicAuth(settings.username, settings.password.get_secret_value())
        headers["Authorization"] = next(login.auth_flow(httpx.Request("GET", "/"))).headers["Authorization"]
    return Search(settings.base_url, headers, http)


def _days(window: Window) -> Iterator[Window]:
    """The window in UTC days, newest first."""
    end = window.end
    while end > window.start:
        midnight = (end - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = max(window.start, midnight)
        yield Window(start, end)
        end = start


def _not_named(asked: Sequence[_Asked]) -> Iterator[Coverage]:
    """An answer about each day for the endpoints that another day names."""
    every = dict.fromkeys(part for day in asked for part in day.parts)
    for day in asked:
        yield from day.refused(day.not_named, [part for part in every if part not in day.parts], day.indicators)


def _nothing(why: str) -> NotAnsweredError:
    return NotAnsweredError("empty", why, retryable=False)


IN_OTHER: Final = _nothing(f"its requests are in `{OTHER}`: others grew more or were bigger that day")


@dataclass(slots=True)
class _Asked:
    """One component on (a stretch of) one day."""

    settings: Settings
    target: Target
    window: Window
    parts: dict[str, None] = field(default_factory=dict)
    """What an answer was given for, but for the component itself."""
    not_named: NotAnsweredError = IN_OTHER
    """What is to say of a part that only another day has."""

    @property
    def indicators(self) -> tuple[str, ...]:
        return (*OF_ACCESSES, ERRORS) if self.target.error_index else OF_ACCESSES

    def answers(self, search: Search) -> Iterator[Points | Coverage]:
        stretch = Stretch.of(self.window, self.settings.step, DELAY)
        if stretch is None:
            self.not_named = _nothing("no bucket of it is over yet")
            yield from self.refused(self.not_named, (None,), self.indicators)
            return
        by_endpoint = bool(self.settings.top or self.target.endpoints)
        try:
            day = self.window.start.replace(hour=0, minute=0, second=0, microsecond=0)
            kept = kept_on(day, self.target, self.settings.top, search)
        except NotAnsweredError as refused:
            # What is written down can be counted all the same; what the others are, nobody knows.
            kept, by_endpoint, self.not_named = Kept(self.target.named), False, refused
            yield from self.refused(refused, (OTHER,), self.indicators)
        yield from self._of(access_log(self.target), OF_ACCESSES, stretch, kept, search, others=by_endpoint)
        if index := self.target.error_index:
            yield from self._of(error_log(self.target, index), (ERRORS,), stretch, kept, search, others=by_endpoint)

    def _of(
        self, logs: Logs, indicators: Sequence[str], stretch: Stretch, kept: Kept, search: Search, *, others: bool
    ) -> Iterator[Points | Coverage]:
        parts = logs.parts(kept.endpoints, others=others)
        try:
            whole = logs.whole(stretch, search)
        except NotAnsweredError as refused:
            yield from self.refused(refused, (None, *(part.name for part in parts)), indicators)
            return
        lines = access_lines if ERRORS not in indicators else error_lines
        yield from self._samples(lines(self.target, whole, None, whole.time), kept)
        if whole.nothing or not whole.has_paths:
            for part in parts:
                yield from self._samples(lines(self.target, whole, part.name, {}), kept)
            return
        for asked, answer in logs.by_part(parts, stretch, search):
            if isinstance(answer, NotAnsweredError):
                yield from self.refused(answer, [part.name for part in asked], indicators)
                continue
            for part in asked:
                yield from self._samples(lines(self.target, whole, part.name, answer[part.name]), kept)

    def refused(
        self, why: NotAnsweredError, parts: Iterable[str | None], indicators: Sequence[str]
    ) -> Iterator[Coverage]:
        """The same answer for all of these."""
        for part in parts:
            for each in indicators:
                yield self._coverage(each, part, why.state, why.detail, retryable=why.retryable)

    def _samples(self, lines: Iterable[Line], kept: Kept) -> Iterator[Points | Coverage]:
        for line in lines:
            if not line.values:
                yield self._coverage(line.indicator, line.part, "empty", line.nothing)
                continue
            yield Points(
                self._series(line),
                np.array(list(line.values), dtype="datetime64[ms]").astype("datetime64[us]"),
                np.array(list(line.values.values()), dtype=np.float64),
            )
            notes = [f"{line.refused} figures were no numbers of seconds and are left out"] if line.refused else []
            notes += [kept.note] if kept.note and line.part == OTHER else []
            yield self._coverage(line.indicator, line.part, "complete", "; ".join(notes))

    def _series(self, line: Line) -> Series:
        indicator = load().get(line.indicator)
        step = round(self.settings.step.total_seconds())
        return Series(
            self.target.service, self.target.component, indicator.name, indicator.stat, indicator.unit, step, SOURCE,
            line.part,
        )  # fmt: skip

    def _coverage(
        self, indicator: str, part: str | None, state: CoverageState, detail: str = "", *, retryable: bool = False
    ) -> Coverage:
        """The answer about one series; remembers that there was one."""
        if part is not None:
            self.parts[part] = None
        target = self.target
        return Coverage(
            target.service, target.component, indicator, SOURCE, self.window, state, detail, part, retryable=retryable
        )
