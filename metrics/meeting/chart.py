"""A topic's line as a small SVG drawing, for paper: no library, no colour of its own but by class.

Classes are `grid`, `label` (of those `day`), `line`, `usual`, `trend`, `limit` and `mark`; whoever sets it says how
they look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from math import floor, log10
from xml.sax.saxutils import escape

from metrics import catalog
from metrics.meeting.told import steps_told
from metrics.model import Unit
from metrics.review.lines import parse_address
from metrics.review.minutes import Topic
from metrics.ui.words import day, number, quantity, scale, t

__all__ = ["FEW", "FEWEST", "GAP", "Drawing", "Extent", "extent_of", "legend", "svg", "told"]

FEWEST = 3
WIDTH, HEIGHT = 560, 128
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 18, 24
TICKS, DAYS = 3, 5
# A line that is missing for longer than so many usual steps is broken, not bridged.
GAP = 2.5
# Fewer points than that come rarely, and nothing is missing between them.
FEW = 40
# A limit is drawn to scale unless that would squeeze the line into less than this share of the height.
LEAST_SHARE = 0.35

Points = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Extent:
    """From which to which value a drawing goes, and whether its limit lies within."""

    low: float
    high: float
    has_limit: bool


def extent(values: Sequence[float], limit: float | None) -> Extent:
    """0 is in it unless that would flatten the line, and so is the limit."""
    low, high = min(values), max(values)
    low = 0.0 if 0 <= low < 0.6 * high else low
    if limit is None:
        return Extent(low, high, has_limit=False)
    wide = max(high, limit) - min(low, limit)
    has_limit = high - low >= LEAST_SHARE * wide
    return Extent(*(min(low, limit), max(high, limit)) if has_limit else (low, high), has_limit=has_limit)


def limit_told(topic: Topic) -> str:
    """`at most 80 %`, `at least 99 %`; empty without a limit."""
    if topic.limit is None or not topic.figures:
        return ""
    figure = topic.figures[0]
    indicator = catalog.load().indicators.get(parse_address(figure.address)[2])
    value = quantity(topic.limit, figure.unit)
    is_floor = indicator is not None and indicator.better == "higher"
    return t("at least {value}", value=value) if is_floor else t("at most {value}", value=value)


def legend(topic: Topic) -> str:
    """Which number of each step is drawn, and what else is."""
    limit, is_drawn = limit_told(topic), extent_of(topic).has_limit
    return "; ".join([
        steps_told(topic),
        *([t("dashed: {limit}", limit=limit) if is_drawn else limit] if limit else []),
        *([t("dotted: a week before")] if topic.usual else []),
        *([t("straight: the level")] if topic.trend else []),
    ])  # fmt: skip


def extent_of(drawn: Topic | Drawing) -> Extent:
    return extent([value for line in (drawn.curve, drawn.trend, drawn.usual) for _, value in line], drawn.limit)


@dataclass(frozen=True, slots=True)
class Drawing:
    name: str
    curve: Points
    unit: Unit
    zone: tzinfo
    started: datetime | None = None
    stat: str = ""
    """What it has of each step: `highest in each 12 hours`."""
    limit: float | None = None
    trend: Points = ()
    usual: Points = ()


def told(drawing: Drawing) -> str:
    """The drawing in a sentence."""
    values = [value for _, value in drawing.curve]
    first, last = (day(at.astimezone(drawing.zone).date()) for at, _ in (drawing.curve[0], drawing.curve[-1]))
    said = t(
        "{name} from {first} to {last}: between {low} and {high}",
        name=drawing.name,
        first=first,
        last=last,
        low=quantity(min(values), drawing.unit),
        high=quantity(max(values), drawing.unit),
    )
    return t("{said} ({stat})", said=said, stat=drawing.stat) if drawing.stat else said


def svg(drawing: Drawing) -> str:
    """The line with its axes, what it must not get beyond, and a dashed mark where what it is about began."""
    whole = extent_of(drawing)
    by, unit = scale(drawing.unit, max(abs(whole.low), abs(whole.high)))
    # Round in the unit that is shown: seconds of a build are told in minutes.
    ticks = _ticks([whole.low / by, whole.high / by])
    frame = _Frame(drawing, ticks[0] * by, ticks[-1] * by)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(told(drawing))}</title>"
    ]
    for tick in ticks:
        y = frame.y(tick * by)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(_text(LEFT - 6, y + 3.5, f"{number(tick)} {unit}".strip(), "end"))
    parts += [_text(frame.x(at), HEIGHT - 6, day(at.date()), "middle", "label day") for at in frame.days()]
    parts += frame.strokes("usual", drawing.usual)
    parts += frame.strokes("line", drawing.curve)
    parts += frame.trend()
    return "".join([*parts, *frame.limit(), *frame.mark(), "</svg>"])


class _Frame:
    """Where a time and a value lie on the drawing."""

    def __init__(self, drawing: Drawing, low: float, high: float) -> None:
        self._drawing, self._low, self._high = drawing, low, high
        self._first, self._last = drawing.curve[0][0], drawing.curve[-1][0]

    def x(self, at: datetime) -> float:
        return round(LEFT + (at - self._first) / (self._last - self._first) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def days(self) -> list[datetime]:
        """Midnights of the service's clock, evenly spread."""
        first = self._first.astimezone(self._drawing.zone)
        midnight = (first + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        length = max((self._last - midnight).days, 0)
        every = max(1, -(-length // DAYS))
        found = [midnight + timedelta(days=n) for n in range(0, length + 1, every)]
        # A label that would stick out on the right is left out.
        return [at for at in found if self.x(at) < WIDTH - RIGHT - 30]

    def strokes(self, name: str, curve: Points) -> list[str]:
        """Each unbroken stretch of a line, of the class of this name."""
        steps = sorted(later[0] - earlier[0] for earlier, later in pairwise(curve))
        longest = GAP * steps[len(steps) // 2] if len(curve) >= FEW else timedelta.max
        strokes: list[list[str]] = [[]]
        for n, (at, value) in enumerate(curve):
            if n and at - curve[n - 1][0] > longest:
                strokes.append([])
            strokes[-1].append(f"{self.x(at)},{self.y(value)}")
        # A point that stands alone is a dot, by its round ends.
        return [_polyline(name, stroke if len(stroke) > 1 else stroke * 2) for stroke in strokes if stroke]

    def trend(self) -> list[str]:
        """A trend that began before the drawing does is cut at its edge."""
        points = _cut(self._drawing.trend, self._first, self._last)
        return [_polyline("trend", [f"{self.x(at)},{self.y(value)}" for at, value in points])] if points else []

    def limit(self) -> list[str]:
        at = self._drawing.limit
        if at is None or not extent_of(self._drawing).has_limit:
            return []
        y = self.y(at)
        return [f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>']

    def mark(self) -> list[str]:
        at = self._drawing.started
        if at is None or not self._first < at < self._last:
            return []
        x = self.x(at)
        side, shift = ("end", -4) if x > WIDTH * 0.8 else ("start", 4)
        label = _text(x + shift, TOP - 6, t("since {day}", day=day(at.astimezone(self._drawing.zone).date())), side)
        return [f'<line class="mark" x1="{x}" x2="{x}" y1="{TOP - 12}" y2="{HEIGHT - BOTTOM}"/>', label]


def _polyline(name: str, points: Sequence[str]) -> str:
    return f'<polyline class="{name}" points="{" ".join(points)}"/>'


def _text(x: float, y: float, words: str, anchor: str, name: str = "label") -> str:
    return f'<text class="{name}" x="{round(x, 1)}" y="{round(y, 1)}" text-anchor="{anchor}">{escape(words)}</text>'


def _cut(line: Points, first: datetime, last: datetime) -> Points:
    """The part of a straight line, or of one in steps, that lies between two times."""
    inside = [(at, value) for at, value in line if first <= at <= last]
    for (start, low), (end, high) in pairwise(line):
        inside += [
            (edge, low + (edge - start) / (end - start) * (high - low))
            for edge in (first, last)
            if start < edge < end
        ]
    return sorted(inside, key=lambda point: point[0])


def _ticks(values: Sequence[float]) -> list[float]:
    """Round values that span the line."""
    low, high = min(values), max(values)
    if high == low:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if high else (0.0, 1.0)
    rough = (high - low) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    first = floor(low / step)
    ticks = [first * step]
    while ticks[-1] < high - step * 1e-9:
        ticks.append((first + len(ticks)) * step)
    return ticks
