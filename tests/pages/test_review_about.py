"""Opening a review: by whom, with whom, where and when, and as last time where there was one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metrics.meeting.shelf import Shelf
from metrics.store import Store, entries
from tests.meeting.made import AT, decided_review
from tests.pages.test_pages import said
from tests.pages.test_review_page import click


def test_without_any_review_or_name_nobody_opens_one(shop, visit):
    app = visit(shop, who="")
    (button,) = [each for each in app.button if each.key == "review-begin"]
    assert button.disabled
    assert button.help == "Say who you are first."


def test_opening_keeps_the_numbers_with_who_is_there(shop, visit):
    app = visit(shop)
    app.text_input(key="open-attendees").set_value("Mika, Ren")
    app.datetime_input(key="open-meets").set_value(datetime(2026, 11, 24, 10, tzinfo=UTC))
    click(app, "review-begin")
    assert Shelf(shop, "jobs").opened() == ("2026-11-23",)
    assert app.query_params["review"] == "2026-11-23"
    assert "attendees\\: Mika, Ren" in said(app)
    assert "meets Tue 24 Nov, 10\\:00" in said(app)
    with Store(shop / "tomoni.duckdb").read() as db:
        (word,) = entries.latest(db, "review", "jobs")
    assert (word.author, word.subject) == ("Mika", "2026-11-23")
    assert (word.said or {})["state"] == "open"
    assert (word.said or {})["meets_at"] == "2026-11-24T10:00:00+00:00"


def test_a_review_comes_again_with_the_same_people_place_weekday_and_hour(shop, visit):
    about = {"attendees": "Mika, Ren", "place": "Room 3", "meets_at": AT + timedelta(hours=30)}
    met = replace(decided_review(), **about, closed_at=AT + timedelta(hours=31), closed_by="Mika")
    Shelf(shop, "jobs").close(met, "")
    app = visit(shop)
    assert [app.text_input(key=f"open-{each}").value for each in ("attendees", "place")] == ["Mika, Ren", "Room 3"]
    local = met.meets_at.astimezone(ZoneInfo(met.zone))
    offered = app.datetime_input(key="open-meets").value
    assert (offered.weekday(), offered.time()) == (local.weekday(), local.time())
    assert timedelta() <= offered.date() - date(2026, 11, 23) < timedelta(weeks=1)
