"""How sure a share is that was counted on few: Wilson's score interval."""

from __future__ import annotations

from math import sqrt

__all__ = ["Z_95", "wilson"]

Z_95 = 1.959963984540054
"""The normal quantile of a two-sided 95 %."""


def wilson(k: int, n: int) -> tuple[float, float]:
    """Between which shares the true one lies, having seen k of n; (0, 1) where nothing was seen.

    Unlike k/n ± z·se it never leaves [0, 1], and 0 of 5 does not pass as certainty. Wilson, *Probable inference,
    the law of succession, and statistical inference*, JASA 22 (1927); recommended for small n by Brown, Cai and
    DasGupta, *Interval estimation for a binomial proportion*, Statistical Science 16 (2001).
    """
    if not 0 <= k <= n:
        raise ValueError(f"k must be from 0 to n, got {k} of {n}")
    if n == 0:
        return 0.0, 1.0
    share, z2n = k / n, Z_95 * Z_95 / n
    centre = (share + z2n / 2) / (1 + z2n)
    reach = Z_95 * sqrt(share * (1 - share) / n + z2n / (4 * n)) / (1 + z2n)
    # At the ends the formula gives exactly 0 and 1; only rounding says otherwise.
    return (0.0 if k == 0 else centre - reach), (1.0 if k == n else centre + reach)
