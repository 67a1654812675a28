"""The entry of a review in a calendar, as a calendar reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar, Component

from metrics.errors import InputError
from metrics.meeting.invitation import invitation
from metrics.review.minutes import MINUTES, Review, Section
from tests.meeting.made import review
from tests.meeting.test_documents import NASTY

LINK = "https://tomoni.example/team/"
# Berlin's clock was put back on 25 October: ten o'clock is nine in UTC from then on.
MONDAY = datetime(2026, 10, 26, 9, tzinfo=UTC)


def met(**changes: object) -> Review:
    whole = replace(review(), sections=tuple(Section(name) for name in MINUTES))
    return replace(whole, zone="Europe/Berlin", meets_at=MONDAY, place="Room 3", **changes)  # type: ignore[arg-type]


def read(of: Review, link: str | None = LINK) -> Component:
    (event,) = Calendar.from_ical(invitation(of, link)).walk("VEVENT")
    return event


def test_it_is_held_at_ten_by_the_service_s_clock_for_45_minutes():
    event = read(met())
    assert event.decoded("dtstart").isoformat() == "2026-10-26T10:00:00+01:00"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=45)
    assert b"BEGIN:VTIMEZONE" in invitation(met(), None)


def test_it_says_where_and_what_it_is_about_and_leads_to_the_page():
    event = read(met(attendees="Mika, Ren"))
    assert event["location"] == "Room 3"
    assert event["url"] == "https://tomoni.example/team/review?service=jobs&review=" + met().id
    assert "2. What moved: 0 (10 min)" in event["description"]
    assert event["description"].endswith("With Mika, Ren")
    assert "url" not in read(met(), None)


def test_the_same_review_is_the_same_entry_wherever_it_is_moved_to():
    later = replace(met(), meets_at=MONDAY + timedelta(hours=2))
    assert read(later)["uid"] == read(met())["uid"]
    assert invitation(met(), LINK) == invitation(met(), LINK)


def test_what_people_wrote_adds_no_line_of_its_own():
    event = read(met(attendees=f"{NASTY}\r\nATTENDEE:mailto:x@example.com", title=NASTY))
    assert "attendee" not in event
    assert NASTY in event["summary"]


def test_without_a_time_it_is_refused():
    with pytest.raises(InputError, match="Nobody has said yet when the review of"):
        invitation(review(), LINK)
