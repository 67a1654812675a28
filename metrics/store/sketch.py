"""A mergeable quantile sketch in plain SQL: a histogram over logarithmic buckets.

With gamma = (1 + a) / (1 - a), bucket b holds the values in (gamma^(b-1), gamma^b]; its representative
2 * gamma^b / (gamma + 1) is within a relative error of a. Merging is adding counts, and so is undoing a corrected
value. Source: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019.
"""

from __future__ import annotations

__all__ = ["RELATIVE_ERROR", "bucket", "representative"]

RELATIVE_ERROR = 0.02
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
# Below this a value counts as 0: a picosecond or a millionth of a byte is nobody's concern.
_ZERO = 1e-12
# Lifts the bucket of the smallest value above 0, so that the sign of a bucket is the sign of its values and
# buckets order as values do. 1e-12 lies in bucket -691; 1e300 in 17,263: both fit a SMALLINT.
_LIFT = 1000


def bucket(value: str) -> str:
    """SQL for the bucket of an expression."""
    magnitude = f"ceil(ln(abs({value})) / ln({_GAMMA!r})) + {_LIFT}"
    return f"(CASE WHEN abs({value}) < {_ZERO} THEN 0 ELSE sign({value}) * ({magnitude}) END)::SMALLINT"


def representative(bucket: str) -> str:
    """SQL for the value that stands for a bucket."""
    magnitude = f"2 * pow({_GAMMA!r}, abs({bucket}) - {_LIFT}) / {_GAMMA + 1!r}"
    return f"(CASE WHEN {bucket} = 0 THEN 0.0 ELSE sign({bucket}) * {magnitude} END)"
