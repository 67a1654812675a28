"""A mergeable quantile sketch in plain SQL: a histogram over logarithmic buckets.

Bucket b holds the values in (gamma^(b-1), gamma^b]. A quantile is read by its rank inside the bucket, so it and the
true one lie in the same bucket and differ by at most gamma - 1, whatever the data. Merging is adding counts, and so
is taking out a corrected value. After Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch
with relative-error guarantees", VLDB 2019, with half its bucket width in exchange for reading inside the bucket.
"""

from __future__ import annotations

__all__ = ["RELATIVE_ERROR", "bucket", "quantile"]

RELATIVE_ERROR = 0.02
_GAMMA = 1 + RELATIVE_ERROR
# Below this a value counts as 0: a picosecond or a millionth of a byte is nobody's concern.
_ZERO = 1e-12
# Lifts the bucket of the smallest value above 0, so that the sign of a bucket is the sign of its values and buckets
# order as values do. 1e-12 lies in bucket -1395; what doesn't fit a SMALLINT any more (1e260) shares the last one.
_LIFT, _LAST = 1500, 31_000


def bucket(value: str) -> str:
    """SQL for the bucket of an expression."""
    magnitude = f"least(ceil(ln(abs({value})) / ln({_GAMMA})) + {_LIFT}, {_LAST})"
    return f"(CASE WHEN abs({value}) < {_ZERO} THEN 0 ELSE sign({value}) * ({magnitude}) END)::SMALLINT"


def quantile(counts: str) -> str:
    """SQL for (series_id, quantile) from rows (series_id, bucket, n): the nearest rank to the parameter $q."""
    share = "(rank - before - 0.5) / n"
    value = f"""CASE WHEN bucket > 0 THEN pow({_GAMMA}, bucket - {_LIFT} - 1 + {share})
             WHEN bucket < 0 THEN -pow({_GAMMA}, -bucket - {_LIFT} - {share}) ELSE 0.0 END"""
    return f"""WITH counted AS (
        SELECT series_id, bucket, sum(n) AS n FROM ({counts}) GROUP BY series_id, bucket
    ), ranked AS (
        SELECT series_id, bucket, n, sum(n) OVER (PARTITION BY series_id ORDER BY bucket) - n AS before,
               ceil($q * sum(n) OVER (PARTITION BY series_id) - 1e-9) AS rank
        FROM counted)
    SELECT series_id, {value} AS quantile FROM ranked WHERE before < rank AND rank <= before + n"""
