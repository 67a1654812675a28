"""docs/metrics.md, "Delivery": each worked example is computed by the product, and the constants it names are ours."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

import pytest

from metrics.review.delivery.causes import NEAR_S, Method
from metrics.review.delivery.changes import GAP_S
from metrics.review.delivery.columns import OBSERVED_S
from metrics.review.delivery.deployments import Kind
from metrics.review.delivery.figure import ENOUGH, REFERENCES
from metrics.review.delivery.figures import Figures
from metrics.review.delivery.report import LOOK_BACK
from tests.documents import FENCE, document
from tests.review.delivery.worked import production, said

SAID = document("docs/metrics.md").section("Delivery")
WORDS = " ".join(SAID.split())
FIGURES = [each.name for each in fields(Figures) if each.name not in ("window", "lead_time_stages")]


def part(name: str) -> str:
    return SAID.split(f"### {name}\n", 1)[1].split("\n### ", 1)[0]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_its_worked_example_says(name: str) -> None:
    assert re.findall(r"^\*\*(\w+)\.\*\*", part(name), re.MULTILINE) == ["Definition", "Formula", "Source"]
    ((_, example),) = [block for block in FENCE.findall(part(name)) if block[0] == "text"]
    (expected,) = re.findall(rf"^{name}: (.+)$", example, re.MULTILINE)
    assert said(getattr(production(example).now, name)) == expected


def test_the_limits_are_those_of_the_code() -> None:
    assert (ENOUGH, NEAR_S, OBSERVED_S) == (5, 24 * 3600, 24 * 3600)
    assert "Below five of what a figure counts" in WORDS
    assert "within 24 hours after its end" in WORDS
    assert "ended less than 24 hours ago" in WORDS
    assert f"more than {GAP_S // 86_400} days after" in WORDS
    assert f"in the {LOOK_BACK.days} days before" in WORDS


def test_kinds_and_methods_are_explained() -> None:
    assert [kind for kind in get_args(Kind) if f"`{kind}`" not in WORDS] == []
    rows = re.findall(r"^\| `(\w+)` \|", part("Cause links"), re.MULTILINE)
    assert tuple(rows) == get_args(Method)


def test_references_stand_with_their_year() -> None:
    assert {each.figure for each in REFERENCES} <= set(FIGURES)
    assert all(each.year == 2025 and f"about {100 * each.share:.0f} %" in WORDS for each in REFERENCES)
    assert re.search(r"elite|low performer", SAID, re.IGNORECASE) is None
