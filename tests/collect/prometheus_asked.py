"""What one `collect` or `check` of the source `prometheus` brings, in a form that a test can state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from metrics.collect import Sign
from metrics.collect.http import Budget, client
from metrics.collect.prometheus import Settings, check, collect
from metrics.model import Coverage, Points, Window

__all__ = ["Asked", "ask", "check_signs", "hours", "settings", "wait"]

START = datetime(2025, 6, 2, tzinfo=UTC)


def hours(begin: float, end: float) -> Window:
    """Of 2 June 2025, in which no test lives any more."""
    return Window(START + timedelta(hours=begin), START + timedelta(hours=end))


def wait(_: float) -> None:
    """Nobody has the time in a test."""


@dataclass(frozen=True)
class Asked:
    batches: Sequence[Points | Coverage]

    def rows(self, part: str | None = None) -> dict[str, float]:
        """`HH:MM:SS` of each sample, without :00 seconds -> its value."""
        return {
            str(ts)[11:19].removesuffix(":00"): round(float(value), 6)
            for points in self.batches
            if isinstance(points, Points) and points.series.part == part
            for ts, value in zip(points.ts, points.values, strict=True)
        }

    @property
    def said(self) -> list[tuple[str | None, str, str, str]]:
        """(part, from-to in hours, state, detail) of each answer."""
        return [
            (each.part, f"{_hour(each.window.start)}-{_hour(each.window.end)}", each.state, each.detail)
            for each in self.batches
            if isinstance(each, Coverage)
        ]

    @property
    def answer(self) -> Coverage:
        """The only one that is not about a part."""
        (found,) = (each for each in self.batches if isinstance(each, Coverage) and each.part is None)
        return found


def _hour(at: datetime) -> str:
    return f"{(at - START).total_seconds() / 3600:g}"


def settings(url: str, queries: object, **rest: object) -> Settings:
    targets = [{"component": "web", "queries": queries}] if queries else []
    return Settings.model_validate({"base_url": url, "targets": targets, **rest})


def ask(url: str, queries: Mapping[str, object] | Sequence[object], window: Window, **rest: object) -> Asked:
    """A first run's worth of patience, without its waits."""
    with client(budget=Budget(per_second=1e9, sleep=wait)) as http:
        return Asked(list(collect(settings(url, queries, **rest), window, http)))


def check_signs(it: Settings) -> list[tuple[str, str, str]]:
    with client(budget=Budget(per_second=1e9, sleep=wait), tries=2) as http:
        return [_as_tuple(sign) for sign in check(it, http)]


def _as_tuple(sign: Sign) -> tuple[str, str, str]:
    return sign.state, sign.about, sign.said
