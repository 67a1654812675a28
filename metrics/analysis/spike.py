"""How much each point of a series deserves a look, from what was known when it came.

Seventeen plain views of the series (its value, jumps, means and spreads, its distance to the recent level, to what is
usual at this time of day, and to the most similar of the last seven days) are each turned into a surprise, by an
exponential tail fitted to the view's own past (after Siffer et al., KDD 2017). The surprises are capped and added, so
that no view alone raises an alarm. An event is told once, and what comes at the same time on three days of a week is
a habit.

Limits: nothing is scored in the first hundred points or the first two days; the first weekend looks odd; a level that
creeps up is no spike (drift and shift tell it); several series together are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from metrics.analysis._spike.episodes import episodes
from metrics.analysis._spike.news import News
from metrics.analysis._spike.pack import Array, pack, unpack
from metrics.analysis._spike.tail import WARM, Tails
from metrics.analysis._spike.views import COUNT, Views
from metrics.analysis.detection import Detection
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.model import Direction

__all__ = ["ALARM", "Scorer", "Spike", "is_current", "scores", "spikes"]

ALARM = 0.5
# The sum of surprises that is worth an alarm.
HALF = 22.0
# Of NAB's alarms of such a score, this share lies in labelled windows (docs/detection.md).
CERTAIN = ((0.5, 0.6, 0.7, 0.8), (0.4, 0.5, 0.75, 0.95))
# What is older than eight weeks, and farther back than two thousand points, no longer says what is rare.
HORIZON_DAYS, HORIZON_POINTS = 56, 2_000
# What a kept state is made of. Whoever changes a view, a tail or what is remembered counts on by one.
STATE = 1.0
# On the first day there is no time of day to compare with, and on the second it is news that there is one.
FIRST_S = 2 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike(Detection):
    """`after` is the worst value, at `peak`, and `before` what was usual then; `score` is the event's highest."""

    peak: datetime
    score: float


class Scorer:
    """Scores the points of one series as they come; remembers a few kilobytes between them."""

    def __init__(self, step_s: float, zone: str = "UTC") -> None:
        if not step_s > 0:
            raise ValueError(f"a scorer needs the distance of two points in seconds, got {step_s!r}")
        self.step_s, self.zone = float(step_s), zone
        self._first_s: int | None = None
        self._views = Views(self.step_s)
        self._tails = Tails(COUNT, self.step_s, max(HORIZON_POINTS, round(HORIZON_DAYS * DAY_S / self.step_s)))
        self._news = News()

    def feed(self, signal: Signal) -> NDArray[np.float64]:
        """One score for each point. The points must come after those that were fed before."""
        if not len(signal):
            return np.empty(0)
        utc_s = signal.ts.astype("datetime64[s]").astype(np.int64)
        if self._first_s is None:
            self._first_s = int(utc_s[0])
        elif utc_s[0] < self._views.times_s[-1]:
            raise ValueError(f"points must come in order: {moment(signal.ts[0])} is before what was fed already")
        surprise = self._tails.feed(self._views.feed(utc_s, signal.local_s, signal.values))
        surprise[utc_s < self._first_s + FIRST_S] = 0.0
        news = self._news.feed(utc_s, signal.local_s, surprise)
        return news / (news + HALF)

    def state(self) -> bytes:
        """All that the next points need, for `from_state`."""
        first = np.iinfo(np.int64).min if self._first_s is None else self._first_s
        zone = np.frombuffer(self.zone.encode(), np.uint8).astype(np.int64)
        own: list[Array] = [np.array([STATE, self.step_s]), np.array([first]), zone]
        return pack([*own, *self._views.arrays(), *self._tails.arrays(), *self._news.arrays()])

    @classmethod
    def from_state(cls, state: bytes) -> Scorer:
        """ValueError where the state is none, or that of another version of the scorer."""
        head, first, zone, *rest = unpack(state)
        if head.shape != (2,) or head[0] != STATE:
            raise ValueError("this state is of another version of the scorer; score the series' past anew")
        scorer = cls(float(head[1]), zone.astype(np.uint8).tobytes().decode())
        scorer._first_s = None if first[0] == np.iinfo(np.int64).min else int(first[0])
        scorer._views.restore(rest[:6])
        scorer._tails.restore(rest[6:12])
        scorer._news.restore(rest[12:])
        return scorer


def is_current(state: bytes) -> bool:
    """Whether a kept state is one of this version of the scorer."""
    try:
        head = unpack(state)[0]
    except ValueError:
        return False
    return head.shape == (2,) and bool(head[0] == STATE)


def scores(signal: Signal) -> NDArray[np.float64]:
    """One score in [0, 1) for each point; ALARM and above is an alarm."""
    # The step is that of the points before the first score: that of all would know how the series goes on.
    step_s = signal.cut(slice(WARM)).step_s
    return Scorer(step_s, signal.zone).feed(signal) if step_s else np.zeros(len(signal))


def spikes(signal: Signal, scores: NDArray[np.float64], *, better: Direction) -> tuple[Spike, ...]:
    """The events of a scored signal in the order of time. One that has not ended by the last point has no `until`.

    An event begins at an alarm and ends half way back to usual, after a day at most.
    """
    if len(scores) != len(signal):
        raise ValueError(f"a signal of {len(signal)} points needs as many scores, got {len(scores)}")
    return tuple(
        Spike(
            since=moment(signal.ts[each.start]),
            until=None if each.end is None else moment(signal.ts[each.end]),
            before=each.usual,
            after=float(signal.values[each.peak]),
            certainty=certainty(each.score),
            peak=moment(signal.ts[each.peak]),
            score=each.score,
        )
        for each in episodes(signal, scores, ALARM, better)
    )


def certainty(score: float) -> float:
    """How many events of such a score lie in labelled windows."""
    return float(np.interp(score, *CERTAIN))
