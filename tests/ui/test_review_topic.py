"""A topic's badge: its colour says whether that is bad, about to be, or good; a hole is grey on every page."""

from __future__ import annotations

import pytest

from metrics.review.minutes import Topic
from metrics.ui.coverage_words import STATES
from metrics.ui.review_topic import badge


@pytest.mark.parametrize(
    ("tag", "color"),
    [("worse", "red"), ("beyond", "red"), ("overdue", "red"), ("near", "orange"), ("check due", "orange"),
     ("improved", "green"), ("over", "green"), ("judged", "gray"), ("still open", "gray")],
)  # fmt: skip
def test_its_colour_says_how_bad_it_is(tag: str, color: str) -> None:
    assert badge(Topic("finding/f1", "moved", "", tag=tag)) == f":{color}-badge[{tag}]"


@pytest.mark.parametrize("state", STATES.values())
def test_a_hole_is_grey(state: str) -> None:
    assert badge(Topic("hole/db/cpu", "coverage", "", tag=state)).startswith(":gray-badge[")


def test_without_a_tag_there_is_none() -> None:
    assert badge(Topic("finding/f1", "moved", "")) == ""
