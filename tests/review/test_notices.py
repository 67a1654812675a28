"""A digest before the review, and what can't wait: each once."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from metrics.review.items import Item
from metrics.review.notices import due
from tests.review.test_items import cpu

# Monday 09:00 in Tokyo is midnight in UTC.
NINE = datetime(2026, 11, 23, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY_9 = (0, time(9))


def item(news="new", urgency="urgent"):
    return Item("a", (cpu("a", kind="forecast", evidence={"urgency": urgency}),), ("infra",), news, 0.8, {})


def asked(now, sent=(), found=(), weekly=MONDAY_9, urgent=True):
    return due(list(found), dict(sent), now, zone="Asia/Tokyo", weekly=weekly, urgent=urgent)


@pytest.mark.parametrize(
    ("now", "sent", "is_due"),
    [
        (NINE - timedelta(minutes=1), {}, False),
        (NINE, {}, True),
        (NINE + 3 * HOUR, {}, True),
        (NINE + 3 * HOUR, {"digest": NINE + HOUR}, False),
        (NINE + 3 * HOUR, {"digest": NINE - 7 * DAY}, True),
        (NINE + DAY, {}, False),
    ],
    ids=["before", "on time", "late", "sent already", "last week's does not count", "a day late is too late"],
)
def test_the_digest_goes_out_once_a_week(now, sent, is_due):
    assert asked(now, sent).digest is is_due


def test_without_a_day_there_is_no_digest():
    assert not asked(NINE, weekly=None).digest


@pytest.mark.parametrize(
    ("each", "sent", "n"),
    [
        (item(), {}, 1),
        (item("worse"), {"item/a": NINE - 25 * HOUR}, 1),
        (item(), {"item/a": NINE - 23 * HOUR}, 0),
        (item("continuing"), {}, 0),
        (item(urgency=None), {}, 0),
    ],
    ids=["new", "worse and told yesterday", "told today", "known", "far away"],
)
def test_what_is_urgent_and_new_is_told_once_a_day(each, sent, n):
    assert len(asked(NINE - HOUR, sent, [each]).urgent) == n
    assert asked(NINE - HOUR, sent, [each], urgent=False).urgent == ()


def test_one_urgent_item_told_today_does_not_hush_another():
    other = replace(item(), id="b")
    assert asked(NINE - HOUR, {"item/a": NINE - 2 * HOUR}, [item(), other]).urgent == (other,)
