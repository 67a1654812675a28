"""`make bench-detect`: the scorers of the bench on our detectors, and what detecting takes; target beside figure.

Their code runs in this process on the callables of detectors.py, series by series, so that each figure has a spread:
the standard error over the bench's series (a bootstrap), or the standard deviation over drawn anew cases.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tests.benchmarks import detect_effect, detect_nab, detect_speed, detectors
from tests.benchmarks.detect_row import Row, standard_error

SEEDS = 3
WANDERING = "0.7"
# The scorer's own draw of storage series, and more of them for the spread.
DRAWS = range(1, 11)
STORAGE = 150


@dataclass(frozen=True, eq=False)
class Bench:
    """The folder with the scorers and their data."""

    folder: Path

    @property
    def is_there(self) -> bool:
        return (self.folder / "score_nab.py").is_file()

    def scorer(self, name: str) -> ModuleType:
        spec = spec_from_file_location(name, self.folder / f"{name}.py")
        assert spec
        assert spec.loader
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @cached_property
    def injected(self) -> ModuleType:
        return self.scorer("score_injected")

    @cached_property
    def days(self) -> list[Any]:
        backgrounds: list[Any] = self.injected.load_backgrounds(str(self.folder / "data" / "nab"))
        return backgrounds


def spike(bench: Bench) -> list[Row]:
    return detect_nab.rows(bench.scorer("score_nab"), bench.folder / "data" / "nab")


def shift(bench: Bench) -> list[Row]:
    """Segments of the bundled TCPD series, and steps put into real days."""
    scorer = bench.scorer("score_tcpd")
    data = scorer.load(str(bench.folder / "data" / "tcpd"))
    found, _ = scorer.run_detector(detectors.find_shifts, data)
    each = list(scorer.score(data, found).values())
    own = [
        _over([series[key] for series in each], "shift", f"TCPD {name}", ">= .80")
        for key, name in (("cover", "cover"), ("f1", "F1"))
    ]
    return [
        *own,
        *_injected(bench, "shift", "2", "2 sigma found", ">= .80", "<= .10"),
        _wandering(bench, "shift", "<= .20"),
    ]


def drift(bench: Bench) -> list[Row]:
    return [
        *_injected(bench, "drift", "1", "1 sigma found", ">= .85", "<= .05"),
        _wandering(bench, "drift", "<= .15"),
    ]


def burst(bench: Bench) -> list[Row]:
    return _injected(bench, "burst", "3", "3 times as often found", ">= .82", "<= .05")


def _injected(bench: Bench, kind: str, size: str, what: str, recall: str, false: str) -> list[Row]:
    find = detectors.BY_KIND[kind]
    each = [bench.injected.score_kind(find, kind, [days], SEEDS, 1) for days in bench.days]
    return [
        _over([series["recall"][size] for series in each], kind, what, recall),
        _over([series["false_per_month"] for series in each], kind, "false a series-month", false),
    ]


def _wandering(bench: Bench, kind: str, target: str) -> Row:
    def find(ts: object, values: object, asked: str, limit: object) -> object:
        if asked != kind:
            return {"changes": [], "drift": None}
        return detectors.BY_KIND[kind](ts, values, kind, None)

    each = [bench.injected.score_wander(find, [days], SEEDS, 1)[kind][WANDERING] for days in bench.days]
    return _over(each, kind, f"false a series-month where levels wander ({WANDERING})", target)


def _over(figures: Sequence[float], kind: str, what: str, target: str) -> Row:
    return Row(
        kind, what, target, float(np.mean(figures)), f"+- {standard_error(figures):.2f} over {len(figures)} series"
    )


def forecast(bench: Bench) -> list[Row]:
    """The figure is the mean over the draws; the scorer's own draw is the first."""
    find = detectors.BY_KIND["forecast"]
    drawn = [bench.injected.score_forecast(find, STORAGE, seed, 1) for seed in DRAWS]
    targets = {
        "coverage": (".77 to .85", "80 % interval covers"),
        "median_error": ("<= .08", "median error"),
        "soon_recall": (">= .85", "within 14 days: recall"),
        "soon_precision": (">= .90", "within 14 days: precision"),
        "width_days": ("", "width of the interval, days"),
    }
    rows = []
    for key, (target, what) in targets.items():
        figures = [each[key] for each in drawn]
        spread = f"sd {np.std(figures, ddof=1):.2f} over {len(figures)} draws; the scorer's own {figures[0]:.2f}"
        rows.append(Row("forecast", what, target, float(np.mean(figures)), spread))
    return rows


def effect(bench: Bench) -> list[Row]:
    return detect_effect.rows(bench.days if bench.is_there else ())


def speed(_: Bench) -> list[Row]:
    return detect_speed.rows()


KINDS: dict[str, Callable[[Bench], list[Row]]] = {
    "spike": spike,
    "shift": shift,
    "drift": drift,
    "burst": burst,
    "forecast": forecast,
    "effect": effect,
    "speed": speed,
}
# These make their own signals; effect looks at the bench's real days as well, where there are any.
WITHOUT_BENCH = {"speed", "effect"}


def main(argv: Sequence[str]) -> int:
    ask = argparse.ArgumentParser(prog="make bench-detect", description="BENCH=DIR, ARGS='KIND ...'")
    ask.add_argument("--bench", type=Path, required=True)
    ask.add_argument("kinds", nargs="*", metavar="KIND")
    asked = ask.parse_args(argv)
    if unknown := [kind for kind in asked.kinds if kind not in KINDS]:
        print(f"There is no kind {unknown[0]!r}: use {', '.join(KINDS)}, as in ARGS='shift drift'.", file=sys.stderr)
        return 2
    wanted = asked.kinds or list(KINDS)
    if not {*wanted} <= WITHOUT_BENCH and not Bench(asked.bench).is_there:
        print(
            f"There is no detection bench in {asked.bench}: name the folder that has score_nab.py, score_tcpd.py, "
            "score_injected.py and data/, as in `make bench-detect BENCH=../bench`.",
            file=sys.stderr,
        )
        return 2
    print(Row.HEAD)
    for kind in wanted:
        for row in KINDS[kind](Bench(asked.bench)):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
