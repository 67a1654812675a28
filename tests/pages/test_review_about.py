"""Opening a review: by whom, with whom, where and when, and as last time where there was one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from metrics.meeting.shelf import Shelf
from metrics.store import Store, entries
from tests.meeting.made import AT, ID, decided_review
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


def tell(app: AppTest, **fields: str) -> None:
    for name, text in fields.items():
        app.text_input(key=f"held-{name}").set_value(text)
    click(app, "review-describe")


def about(folder: Path) -> tuple[str | None, str | None]:
    with Store(folder / "tomoni.duckdb").read() as db:
        (word,) = entries.latest(db, "review", "jobs")
    return (word.said or {})["attendees"], (word.said or {})["place"]


def test_of_two_who_say_at_once_who_is_there_the_second_is_shown_both_and_asked(opened, visit):
    mika, ren = visit(opened), visit(opened, who="Ren")
    tell(ren, attendees="Ren, *Sora*", place="Room 3")
    tell(mika, attendees="Mika")
    assert about(opened) == ("Ren, *Sora*", "Room 3")
    assert "**Ren** said" in said(mika)
    assert "Ren, \\*Sora\\* · Room 3" in said(mika)
    click(mika, f"mine-review-{ID}")
    assert about(opened)[0] == "Mika"
    assert "**Ren** said" not in said(mika)


def test_what_others_say_of_who_is_there_comes_into_the_fields_that_one_has_not_touched(opened, visit):
    mika, ren = visit(opened), visit(opened, who="Ren")
    tell(ren, attendees="Ren, Sora")
    mika.run()
    assert mika.text_input(key="held-attendees").value == "Ren, Sora"
    tell(mika, place="Room 9")
    assert about(opened) == ("Ren, Sora", "Room 9")
    tell(mika, place="")
    assert about(opened) == ("Ren, Sora", None)


def test_what_one_types_while_others_say_the_same_is_not_lost_and_takes_nothing_unread(opened, visit):
    mika, ren = visit(opened), visit(opened, who="Ren")
    mika.text_input(key="held-attendees").set_value("Mika").run()
    tell(ren, attendees="Ren, Sora")
    mika.run()
    assert mika.text_input(key="held-attendees").value == "Mika"
    click(mika, "review-describe")
    assert about(opened)[0] == "Ren, Sora"
    assert "**Ren** said" in said(mika)
    click(mika, f"theirs-review-{ID}")
    assert about(opened)[0] == "Ren, Sora"
    tell(mika, attendees="Mika, Ren, Sora")
    assert about(opened)[0] == "Mika, Ren, Sora"
