"""Units that Datadog names, as canonical ones."""

from __future__ import annotations

import pytest

from metrics.collect._datadog.units import Named, factor
from metrics.model import Unit

SECOND, MINUTE = Named("second", "time"), Named("minute", "time", 60)
BYTE, HIT = Named("byte", "bytes"), Named("hit", "network")


@pytest.mark.parametrize(
    ("primary", "per", "canonical", "expected"),
    [
        (Named("nanosecond", "time", 1e-9), None, "s", 1e-9),
        (Named("millisecond", "time", 1e-3), None, "s", 1e-3),
        (SECOND, None, "s", 1.0),
        (Named("hour", "time", 3600), None, "s", 3600.0),
        (Named("bit", "bytes", 0.125), None, "By", 0.125),
        (BYTE, None, "By", 1.0),
        (Named("mebibyte", "bytes", 1048576), None, "By", 1048576.0),
        (Named("percent", "percentage"), None, "%", 1.0),
        (Named("fraction", "percentage"), None, "%", 100.0),
        (HIT, None, "1", 1.0),
        (Named("nanocore", "cpu", 1e-9), None, "1", 1e-9),
        (None, None, "1", 1.0),
        (None, None, "1/s", 1.0),
        (HIT, SECOND, "1/s", 1.0),
        (HIT, MINUTE, "1/s", 1 / 60),
        (HIT, None, "1/s", 1.0),
    ],
)
def test_it_is_converted(primary: Named | None, per: Named | None, canonical: Unit, expected: float) -> None:
    assert factor((primary, per), canonical, is_total=False) == pytest.approx(expected)


def test_a_count_is_no_longer_per_anything() -> None:
    """as_count() gives totals, and the metric's own unit stays beside them."""
    assert factor((HIT, SECOND), "1", is_total=True) == 1.0


@pytest.mark.parametrize(
    ("primary", "per", "canonical", "said"),
    [
        (
            None,
            None,
            "s",
            "Datadog names no unit for it; write `unit:` beside the query (ns, us, µs, ms, s, min, h, d)",
        ),
        (None, None, "%", "names no unit"),
        (None, None, "By", "names no unit"),
        (SECOND, None, "By", "it comes in second, and bytes is wanted"),
        (BYTE, SECOND, "s", "it comes in byte per second, and a time is wanted"),
        (BYTE, None, "1", "it comes in byte, and a count is wanted"),
        (BYTE, SECOND, "By", "it comes per second; write `kind: rate`"),
        (HIT, SECOND, "1", "it comes per second; write `kind: rate`"),
        (Named("apdex", "percentage"), None, "%", "it comes in apdex, which is not known here"),
        (Named("fortnight", "time", 1209600), None, "s", "it comes in fortnight, which is not known here"),
    ],
)
def test_what_can_t_be_known_is_not_guessed(
    primary: Named | None, per: Named | None, canonical: Unit, said: str
) -> None:
    with pytest.raises(ValueError) as refused:
        factor((primary, per), canonical, is_total=False)
    assert said in str(refused.value)
