"""The time axis of Spikes: sides apart, window and baseline shaded, a lane for each kind of event."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from metrics.model import Window
from metrics.review.marks import Mark
from metrics.review.suspects.suspect import Suspicion
from metrics.review.suspects.trouble import Trouble
from metrics.trends.drill import Drill, Lane
from metrics.ui import spikes_charts, stack
from tests.review import made
from tests.review.made import START
from tests.review.test_beside import CPU, LATENCY, curve, moved

HOUR = timedelta(hours=1)
WINDOW = Window(START + 8 * HOUR, START + 10 * HOUR)
BASELINE = Window(START, WINDOW.start)
EARLIER = Window(START + 2 * HOUR, START + 3 * HOUR)
WEB, DB = moved("web", "http.server.4xx_rate"), moved("db", CPU)


def drill(**fields: object) -> Drill:
    usual = {
        "trouble": Trouble("burst", (EARLIER, WINDOW), (f"web/{LATENCY}",)),
        "window": WINDOW,
        "baseline": BASELINE,
        "step": HOUR,
        "suspicion": Suspicion(),
        "moved": (WEB, DB),
        "endpoints": (),
        "errors": (),
        "marks": (),
    }
    return Drill(**(usual | fields))


def drawn(seen: Drill):
    return spikes_charts.time_axis(seen, seen.moved, made.service())


def test_percentages_of_the_application_and_of_the_infrastructure_have_panels_of_their_own():
    layout = drawn(drill())["layout"]
    sides = [note["text"] for note in layout["annotations"] if note["text"] in ("app", "infra")]
    assert sides == ["app", "infra"]
    assert layout["xaxis"]["range"] == ["2026-11-16T00:00:00", "2026-11-16T10:00:00"]


def test_window_baseline_and_the_other_times_of_the_trouble_are_shaded():
    layout = drawn(drill())["layout"]
    spans = [(shape["x0"][11:16], shape["x1"][11:16], shape["fillcolor"]) for shape in layout["shapes"][:3]]
    assert spans == [
        ("00:00", "08:00", spikes_charts.BASELINE),
        ("02:00", "03:00", spikes_charts.WINDOW),
        ("08:00", "10:00", spikes_charts.WINDOW),
    ]
    assert [note["text"] for note in layout["annotations"][:3]] == ["baseline", "", "window"]


def test_every_lane_is_there_even_if_nothing_happened():
    mark = Mark("deployment", START + HOUR, START + 2 * HOUR, "web 5.81", "succeeded", "web", None)
    assert drawn(drill(marks=(mark,)))["layout"]["yaxis"]["ticktext"] == [
        "incidents", "deployments", "batches", "alerts", "log errors",
    ]  # fmt: skip


def test_log_errors_of_all_components_are_one_strip_in_the_last_lane():
    lanes = (Lane(WEB.line, curve(1, 2)), Lane(DB.line, curve(10, after=1)))
    (strip,) = [trace for trace in drawn(drill(errors=lanes))["data"] if trace["type"] == "heatmap"]
    assert (strip["y0"], strip["z"][0].tolist()) == (4, [1.0, 12.0])
    assert strip["x"] == ["2026-11-16T00:30:00", "2026-11-16T01:30:00"]


def test_without_errors_in_the_logs_there_is_no_strip():
    assert not [trace for trace in drawn(drill())["data"] if trace["type"] == "heatmap"]


def test_a_small_chart_shades_the_window_behind_its_line():
    figure = spikes_charts.small(DB, drill(), made.service(made.component("db", thresholds=(made.limit(CPU, 80),))))
    assert figure["layout"]["shapes"][0]["fillcolor"] == spikes_charts.WINDOW
    assert figure["layout"]["annotations"][0]["text"] == "threshold 80 %"
    assert np.allclose(figure["data"][-1]["y"], [1, 2])


def test_explores_figure_has_no_shades_and_only_lanes_that_have_something():
    line = stack.Drawn(DB.line, DB.curve, None, HOUR)
    layout = stack.figure([line], (), WINDOW, "UTC")["layout"]
    assert layout["shapes"] == []
    assert layout["margin"]["t"] == 4
    assert "yaxis2" not in layout
