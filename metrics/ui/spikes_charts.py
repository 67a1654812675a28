"""The figures of Spikes: everything beside a trouble on one time axis, and what else moved in small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from metrics.model import Service, Threshold, Window
from metrics.review.beside import summed
from metrics.review.moved import Moved
from metrics.review.overview import Panel
from metrics.review.reading import Reading, Side, side_of, threshold_of
from metrics.trends.drill import Drill
from metrics.ui import charts, stack
from metrics.ui.charts import Figure
from metrics.ui.words import t

__all__ = ["LANES", "WINDOW", "baseline_of", "lines", "small", "time_axis"]

LANES = ("incident", "deployment", "batch_run", "alert", "log")
SIDE_NAMES: Mapping[Side, str] = {"dev": "app", "infra": "infra"}
WINDOW, BASELINE = "rgba(47,111,237,0.13)", "rgba(128,136,150,0.10)"
# Five panels of this height and the lanes are about one screen.
PANEL = 110


def time_axis(seen: Drill, drawn: Sequence[Moved], service: Service) -> Figure:
    """The application above, the infrastructure below, what happened on top; window and baseline shaded."""
    baseline = baseline_of(seen, drawn)
    return stack.figure(
        lines(seen, drawn, service),
        seen.marks,
        Window(baseline.start, seen.window.end),
        service.time_zone,
        stack.More(
            lanes=LANES,
            shades=(
                stack.Shade(baseline, BASELINE, t("baseline")),
                *(stack.Shade(each, WINDOW, "") for each in _others(seen, baseline)),
                stack.Shade(seen.window, WINDOW, t("window")),
            ),
            errors=summed([lane.curve for lane in seen.errors]),
            step=seen.step,
            panel=PANEL,
        ),
    )


def baseline_of(seen: Drill, drawn: Sequence[Moved]) -> Window:
    """As far back as there is something to see."""
    first = min(
        (pd.Timestamp(each.curve.ts[0]).tz_localize("UTC").to_pydatetime() for each in drawn if len(each.curve.ts)),
        default=seen.baseline.start,
    )
    return Window(min(max(first, seen.baseline.start), seen.baseline.end - seen.step), seen.baseline.end)


def lines(seen: Drill, drawn: Sequence[Moved], service: Service) -> list[stack.Drawn]:
    """What is drawn, each on its side."""
    return [_drawn(each, seen, service) for each in drawn]


def small(moved: Moved, seen: Drill, service: Service) -> Figure:
    """One line over baseline and window."""
    both = Window(baseline_of(seen, [moved]).start, seen.window.end)
    reading = Reading(moved.line, moved.now, moved.before, _threshold(moved, service))
    panel = Panel(reading, moved.curve, None, seen.step)
    figure = charts.small(panel, (), both, service.time_zone, compare=False)
    window = stack.shade(stack.Shade(seen.window, WINDOW, ""), service.time_zone)
    figure["layout"]["shapes"] = [window, *figure["layout"]["shapes"]]
    return figure


def _drawn(moved: Moved, seen: Drill, service: Service) -> stack.Drawn:
    threshold = _threshold(moved, service)
    if threshold is not None and not charts.shows(moved.curve, threshold.value):
        threshold = None
    return stack.Drawn(
        moved.line,
        moved.curve,
        None,
        seen.step,
        threshold.value if threshold else None,
        side=t(SIDE_NAMES[side_of(moved.line.indicator)]),
    )


def _others(seen: Drill, baseline: Window) -> list[Window]:
    """Other times of the same trouble, as far as they are in sight."""
    edges = ((max(each.start, baseline.start), min(each.end, baseline.end)) for each in seen.trouble.windows)
    return [Window(start, end) for start, end in edges if start < end]


def _threshold(moved: Moved, service: Service) -> Threshold | None:
    return threshold_of(moved.line, service)
