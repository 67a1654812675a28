"""A review as an entry for a calendar (RFC 5545): when and where it is held, and what it is about."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from metrics.errors import InputError
from metrics.meeting.told import SECTION_TITLES, period_name, review_link
from metrics.review.minutes import Review
from metrics.ui.words import t

__all__ = ["invitation"]


def invitation(review: Review, link: str | None) -> bytes:
    """The entry, as long as the time boxes are; `link` is where Tomoni is opened. Refuses where nobody said when."""
    if review.meets_at is None:
        raise InputError(
            t(
                "Nobody has said yet when the review of {day} is held: say so on its page, beside who and where.",
                day=review.id,
            )
        )
    event, begins = Event(), review.meets_at.astimezone(ZoneInfo(review.zone))
    # A calendar that takes the same entry again moves it, and has it once.
    event.add("uid", f"{review.service}/{review.id}@tomoni")
    event.add("dtstamp", review.prepared_at)
    event.add("dtstart", begins)
    event.add("dtend", begins + timedelta(minutes=sum(each.minutes for each in review.sections)))
    event.add("summary", t("{service}: review of {period}", service=review.title, period=period_name(review)))
    event.add("description", _agenda(review))
    if review.place:
        event.add("location", review.place)
    if link:
        event.add("url", review_link(review, link))
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Tomoni//Review//EN")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _agenda(review: Review) -> str:
    told = [
        t("{n}. {section}: {topics} ({minutes} min)", n=n, section=t(SECTION_TITLES[each.name]),
          topics=len(each.topics), minutes=each.minutes)
        for n, each in enumerate(review.sections, 1)
    ]  # fmt: skip
    return "\n".join([*told, *([t("With {who}", who=review.attendees)] if review.attendees else [])])
