"""A line as small as a word: the review's own time in colour, the time before it in grey.

A page has twenty of them; as charts they would take longer to draw than all the rest. Each is a picture with its SVG
inside, since Streamlit takes drawings out of HTML. Its colours read on the light and on the dark page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import quote

from metrics.meeting.chart import FEW, FEWEST, GAP
from metrics.review.reading import Moved

__all__ = ["spark"]

WIDTH, HEIGHT, EDGE = 120, 24, 2
COLORS = {"before": "#8b929c", "own": "#2f6fed", "steady": "#2f6fed", "worse": "#e5484d", "better": "#30a46c"}
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" preserveAspectRatio="none"'
LOOK = 'fill="none" stroke-width="1.6" stroke-linejoin="round"'

Points = Sequence[tuple[datetime, float]]


def spark(curve: Points, since: datetime, moved: Moved | None = None) -> str:
    """Coloured by what to make of it. It only adorns what is told beside it; empty where there is no line."""
    if len(curve) < FEWEST:
        return ""
    split = sum(at < since for at, _ in curve)
    # The grey part reaches up to where the coloured one begins.
    parts = (("before", 0, split + 1), (moved or "own", split, len(curve)))
    places, steps = _places(curve), sorted(later[0] - earlier[0] for earlier, later in pairwise(curve))
    longest = GAP * steps[len(steps) // 2] if len(curve) >= FEW else timedelta.max
    drawn = "".join(
        f'<polyline stroke="{COLORS[look]}" vector-effect="non-scaling-stroke" points="{" ".join(points)}"/>'
        for look, first, end in parts
        for points in _pieces([at for at, _ in curve[first:end]], places[first:end], longest)
    )
    svg = f'{HEAD} viewBox="0 0 {WIDTH} {HEIGHT}"><g {LOOK}>{drawn}</g></svg>'
    return f'<img class="spark" alt="" src="data:image/svg+xml,{quote(svg)}">'


def _places(curve: Points) -> list[str]:
    low, high = min(value for _, value in curve), max(value for _, value in curve)
    began, lasts = curve[0][0], curve[-1][0] - curve[0][0]
    tall = (HEIGHT - 2 * EDGE) / (high - low or 1.0)
    return [f"{WIDTH * ((at - began) / lasts):.1f},{HEIGHT - EDGE - (value - low) * tall:.1f}" for at, value in curve]


def _pieces(times: Sequence[datetime], places: Sequence[str], longest: timedelta) -> list[list[str]]:
    """A stretch of the line, broken where nothing was measured."""
    pieces: list[list[str]] = [[]]
    for n, place in enumerate(places):
        if n and times[n] - times[n - 1] > longest:
            pieces.append([])
        pieces[-1].append(place)
    return [each for each in pieces if len(each) > 1]
