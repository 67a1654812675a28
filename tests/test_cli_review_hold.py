"""A review held from the command line: opened, decided on, closed; and what is refused keeps nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metrics.meeting.shelf import Shelf
from metrics.model import Entry
from metrics.store import Store, entries
from tests.meeting.made import ID, disposition, review
from tests.pages import deployments
from tests.test_cli_review import Ask, ask

__all__ = ["ask"]

ME = ("--who", "Mika")


@pytest.fixture
def shop(folder: Path) -> Path:
    """Two days of data, and the review of tests/meeting/made.py open."""
    deployments.one_series(folder, service="jobs")
    Shelf(folder, "jobs").open(review())
    return folder


def words(folder: Path) -> dict[str, Entry]:
    with Store(folder / "tomoni.duckdb").read() as db:
        every = entries.latest_of(db, ("disposition", "rule", "verdict", "cause", "review"), "jobs")
    return {f"{word.kind}/{word.subject}": word for word in every}


def said(folder: Path, key: str) -> dict[str, str | None]:
    return dict(words(folder)[key].said or {})


def test_it_is_opened_with_who_where_and_when(ask: Ask, folder: Path):
    deployments.one_series(folder, service="jobs")
    told = ask(folder, "--open", *ME, "--place", "Room 3", "--meets", "2026-11-24T10:00+09:00").text
    assert told.startswith("the review of 2026-11-23 is open: ")
    word = words(folder)["review/2026-11-23"]
    assert (word.author, (word.said or {})["place"], (word.said or {})["state"]) == ("Mika", "Room 3", "open")
    assert (word.said or {})["meets_at"] == "2026-11-24T01:00:00+00:00"


def test_from_undecided_to_closed(ask: Ask, shop: Path):
    assert "The review can't be closed: 2 things that moved have no decision yet" in ask(shop, "--close", *ME).refusal
    told = ask(shop, "--decide", "finding/f1", "--answer", "explained", "--because", "access: /export", *ME).text
    assert told.startswith("kept: db CPU +4 points since Mon 19 Oct → Explained: access: /export (Mika, ")
    ask(shop, "--decide", "finding/f2", "--answer", "investigate", "--due", "2026-12-07", *ME)
    told = ask(shop, "--close", *ME).text
    assert told == f"the review of {ID} is closed with 2 decisions: reviews/{ID}.json\n"
    closed = Shelf(shop, "jobs").read(ID)
    assert closed is not None
    first, second = closed.decisions
    assert (first.outcome, first.because, first.by) == ("explained", "access: /export", "Mika")
    assert (second.outcome, second.owner, second.due) == ("investigate", "Infra", date(2026, 12, 7))
    assert "there is no open review of" in ask(shop, "--close", *ME).refusal


def test_ones_own_reason_is_kept_as_it_was_typed(ask: Ask, shop: Path):
    ask(shop, "--decide", "finding/f2", "--answer", "ignored", "--because", "a test  of\nours", *ME)
    assert said(shop, f"disposition/{ID}/finding/f2") == {"outcome": "ignored", "because": "a test of ours"}


def test_a_rule_is_decided_as_the_page_alerts_keeps_it(ask: Ask, shop: Path):
    ask(shop, "--decide", "rule/db/cpu-high", "--answer", "remove", *ME)
    word = said(shop, "rule/db/cpu-high")
    assert (word["branch"], word["review"]) == ("remove", ID)
    assert word["check"] is not None


def test_what_somebody_else_said_is_not_written_over_unread(ask: Ask, shop: Path):
    entries.add(Store(shop / "tomoni.duckdb"), disposition("finding/f1"))
    mine = ("--decide", "finding/f1", "--answer", "ignored", "--because", "known and accepted", *ME)
    told = ask(shop, *mine).refusal
    assert "finding/f1: Explained: access: /export (Ren, " in told
    assert told.endswith("holds already; say --replace to put yours in its place")
    assert words(shop)[f"disposition/{ID}/finding/f1"].author == "Ren"
    ask(shop, *mine, "--replace")
    assert words(shop)[f"disposition/{ID}/finding/f1"].author == "Mika"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--close",), "--who NAME is needed"),
        (("--close", "--who", "  "), "--who NAME is needed"),
        (("--answer", "explained"), "--answer belongs to --decide"),
        (("--place", "here"), "--place belongs to --open"),
        (("--close", "--format", "md", *ME), "leave out --format"),
        (
            ("--decide", "finding/no", "--answer", "ignored", *ME),
            "there are finding/f1, finding/f2, rule/db/cpu-high",
        ),
        (("--decide", "finding/f1", *ME), "use one of explained, investigate, ignored"),
        (("--decide", "finding/f1", "--answer", "keep", *ME), "--answer keep is no answer to finding/f1"),
        (("--decide", "finding/f2", "--answer", "ignored", *ME), "--because is needed: one of known and accepted"),
        (
            ("--decide", "finding/f2", "--answer", "ignored", "--because", "so", "--owner", "x", *ME),
            "--owner and --due",
        ),
        (("--close", "--as-of", "2026-11-22", *ME), "there is no open review of 2026-11-22; open: 2026-10-26"),
    ],
)
def test_what_can_not_be_is_refused_and_keeps_nothing(ask: Ask, shop: Path, flags: tuple[str, ...], told: str):
    assert told in ask(shop, *flags).refusal
    assert words(shop) == {}
    assert Shelf(shop, "jobs").opened() == (ID,)


def test_of_a_closed_review_nothing_is_decided(ask: Ask, shop: Path):
    Shelf(shop, "jobs").close(review(), "")
    told = ask(shop, "--decide", "finding/f1", "--answer", "explained", "--because", "x", *ME).refusal
    assert "there is no open review of 2026-11-23; open: none" in told
    assert words(shop) == {}
