"""Counting judged firings by rule: one pass over the columns, however many rules there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.alerts.pile import Count, Tally

__all__ = ["Key", "counts", "tallies"]

Key = tuple[str, str]
"""Component and rule."""
_COUNTED = {
    "night": "night", "burst": "burst", "alone": "alone", "batch": "batch", "incident": "has_incident",
    "elsewhere": "has_elsewhere", "harm": "harm", "acted": "acted", "impact": "impact", "foretold": "was_foretold",
    "muted": "muted",
}  # fmt: skip
_BY = ["component", "rule"]


def tallies(judged: pd.DataFrame) -> dict[Key, Tally]:
    """How the firings of each rule were."""
    codes, keys = _codes(judged)
    size = len(keys)
    counted = {name: _counts(judged[column], codes, size) for name, column in _COUNTED.items()}
    n, acted = (
        np.bincount(codes, weights, size).astype(int).tolist()
        for weights in (None, judged["acted_said"].to_numpy(float))
    )
    lasting, medians = _lasting(judged, codes)
    jobs = _jobs(judged, codes)
    return {
        key: Tally(
            n=n[place],
            lasting=lasting.get(place),
            median=medians.get(place),
            job=jobs.get(place, ""),
            acted_said=acted[place],
            **{name: each[place] for name, each in counted.items()},
        )
        for place, key in enumerate(keys)
    }


def counts(firings: pd.DataFrame) -> dict[Key, int]:
    """Only how many, of firings that need not be judged."""
    codes, keys = _codes(firings)
    return dict(zip(keys, np.bincount(codes, minlength=len(keys)).tolist(), strict=True))


def _codes(frame: pd.DataFrame) -> tuple[NDArray[np.intp], list[Key]]:
    """The place of each firing's rule, and the rules by place."""
    codes = np.asarray(frame.groupby(_BY, sort=False).ngroup(), dtype=np.intp)
    firsts = frame[_BY].drop_duplicates()
    return codes, [(str(component), str(rule)) for component, rule in firsts.itertuples(index=False)]


def _counts(values: pd.Series, codes: NDArray[np.intp], size: int) -> Sequence[Count]:
    """k of n: n of which it is known."""
    known = values.notna().to_numpy()
    is_true = values.fillna(value=False).to_numpy(bool) & known
    ks, ns = (np.bincount(codes[each], minlength=size).tolist() for each in (is_true, known))
    return [Count(k, n) for k, n in zip(ks, ns, strict=True)]


def _lasting(judged: pd.DataFrame, codes: NDArray[np.intp]) -> tuple[dict[int, float], dict[int, float]]:
    """Seconds in all and in the middle, of firings that have ended."""
    ended = judged["seconds"].notna().to_numpy()
    grouped = judged.loc[ended, "seconds"].groupby(codes[ended])
    sums, medians = grouped.sum(), grouped.median()
    places = sums.index.to_numpy(np.intp).tolist()
    return dict(zip(places, sums.tolist(), strict=True)), dict(zip(places, medians.tolist(), strict=True))


def _jobs(judged: pd.DataFrame, codes: NDArray[np.intp]) -> dict[int, str]:
    """The batch that ran most often while each rule fired."""
    named = judged["job"].ne("").to_numpy()
    often = pd.DataFrame({"rule": codes[named], "job": judged["job"].to_numpy()[named]}).value_counts()
    found: dict[int, str] = {}
    for rule, job in often.index:
        found.setdefault(int(rule), str(job))
    return found
