"""What else moved, on lines whose answer is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from metrics.model import Window
from metrics.review.lines import Curve, Line
from metrics.review.moved import BASELINE, baseline_of, moved, moved_step
from tests.review.made import indicator

START = datetime(2026, 11, 18, 10, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=2))
STEPS = 24


def lines(*names: str) -> tuple[Line, ...]:
    made = ((indicator(name), number) for number, name in enumerate(names))
    return tuple(Line("jobs", "web", None, each, (n,), "files", 300, START, START) for each, n in made)


def curve(before: np.ndarray, now: np.ndarray) -> Curve:
    first = np.datetime64(baseline_of(WINDOW).start.replace(tzinfo=None), "us")
    values = np.concatenate([before, now])
    return Curve(first + np.arange(len(values)) * np.timedelta64(5, "m"), values, None, None)


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, n)


def test_a_step_comes_before_noise_and_a_constant_is_not_told():
    told = {
        "noise": curve(50 + noise(96, 1), 50 + noise(24, 2)),
        "step": curve(50 + noise(96, 3), 60 + noise(24, 4)),
        "fall": curve(50 + noise(96, 5), 46 + noise(24, 6)),
        "constant": curve(np.full(96, 7.0), np.full(24, 7.0)),
    }
    found = moved(lines(*told), {f"web/{name}": each for name, each in told.items()}, WINDOW)
    assert [each.line.indicator.name for each in found] == ["step", "fall", "noise"]
    assert [each.direction for each in found[:2]] == ["up", "down"]
    assert abs(found[0].before - 50) < 1 < abs(found[0].now - found[0].before)
    assert found[0].score > 0.7 > 0.3 > found[2].score


def test_too_few_steps_are_not_compared():
    some = {"web/short": curve(np.full(96, 1.0) + noise(96, 1), np.array([9.0, 9.0]))}
    assert moved(lines("short"), some, WINDOW) == ()
    assert moved(lines("absent"), {}, WINDOW) == ()


def test_gaps_are_left_out():
    before = 50 + noise(96, 1)
    before[10:40] = np.nan
    found = moved(lines("step"), {"web/step": curve(before, 60 + noise(24, 2))}, WINDOW)
    assert found[0].score > 0.7


def test_the_baseline_is_four_times_as_long_and_ends_where_the_window_begins():
    assert baseline_of(WINDOW).duration == BASELINE * WINDOW.duration
    assert baseline_of(WINDOW).end == WINDOW.start


def test_long_windows_have_steps_of_whole_hours():
    assert moved_step(WINDOW) == timedelta(minutes=5)
    assert moved_step(Window(START - timedelta(days=7), START)) == timedelta(hours=6)


def test_a_line_that_is_asked_about_is_told_even_if_it_did_not_move():
    told = {
        "step": curve(50 + noise(96, 3), 60 + noise(24, 4)),
        "constant": curve(np.full(96, 7.0), np.full(24, 7.0)),
        "gone": curve(np.full(96, np.nan), np.full(24, np.nan)),
    }
    known, curves = lines(*told), {f"web/{name}": each for name, each in told.items()}
    assert [each.line.indicator.name for each in moved(known, curves, WINDOW)] == ["step"]
    found = moved(known, curves, WINDOW, always={"web/constant", "web/gone"})
    assert [(each.line.indicator.name, each.before, each.now) for each in found[1:]] == [("constant", 7.0, 7.0)]
