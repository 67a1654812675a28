"""Who takes part in a review, where and when: the fields for it, with what the last review had in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.meeting.shelf import Shelf
from metrics.model import Entry
from metrics.review.minutes import Review, described
from metrics.ui.frame import Frame
from metrics.ui.review_loading import Shelved
from metrics.ui.words import moment, t

__all__ = ["as_last_time", "asked_about", "draw_fields", "is_overtaken", "told_about"]

Fields = dict[str, str | datetime | None]


def draw_fields(about: Review, key: str) -> None:
    """Three fields whose keys begin with this one, as they stand in `about`."""
    _follow(about, key)
    st.text_input(t("Attendees"), key=f"{key}-attendees", max_chars=300, width=300)
    st.text_input(t("Place"), key=f"{key}-place", max_chars=120, width=180)
    st.datetime_input(
        t("When ({zone})", zone=about.zone), key=f"{key}-meets", width=210, format="YYYY-MM-DD", value=None
    )


def _follow(about: Review, key: str) -> None:
    """What nobody has typed in shows what others say by now; what is typed stays."""
    drawn = _drawn(about, key)
    for name, value in _values(about).items():
        field = f"{key}-{name}"
        is_new = name not in drawn or field not in st.session_state
        # Only then: to set a field takes what is being typed in it.
        if is_new or (_typed(field) == drawn[name] and drawn[name] != value):
            st.session_state[field] = value
        if _typed(field) == value:
            drawn[name] = value
    st.session_state[f"{key}-drawn"] = (about.id, drawn)


def is_overtaken(about: Review, key: str) -> bool:
    """Whether others changed a field while one typed in it. It is told once: whoever asks again has read theirs."""
    drawn, now = _drawn(about, key), _values(about)
    st.session_state[f"{key}-drawn"] = (about.id, now)
    return any(drawn[name] not in (now[name], _typed(f"{key}-{name}")) for name in drawn)


def _drawn(about: Review, key: str) -> Fields:
    """What the fields had when they were drawn, before anybody typed in them."""
    whose, drawn = st.session_state.get(f"{key}-drawn", ("", {}))
    return dict(drawn) if whose == about.id else {}


def _values(about: Review) -> Fields:
    meets_at = about.meets_at.astimezone(ZoneInfo(about.zone)).replace(tzinfo=None) if about.meets_at else None
    return {"attendees": about.attendees, "place": about.place, "meets": meets_at}


def _typed(field: str) -> str | datetime | None:
    found: str | datetime | None = st.session_state.get(field)
    return found.strip() if isinstance(found, str) else found


def told_about(review: Review, word: Entry, now: datetime) -> str:
    """Who, where and when, as a word about the review has them."""
    about = described(review, word.said or {})
    when = moment(about.meets_at, review.zone, now) if about.meets_at else ""
    return " · ".join(each for each in (about.attendees, about.place, when) if each) or t("nothing")


def asked_about(key: str, zone: str) -> dict[str, str | None]:
    """What the fields have; a time is meant by the service's clock."""
    told: dict[str, str | None] = {
        name: str(st.session_state.get(f"{key}-{name}") or "").strip() or None for name in ("attendees", "place")
    }
    meets: datetime | None = st.session_state.get(f"{key}-meets")
    at = meets.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if meets else None
    return told | {"meets_at": at.isoformat() if at else None}


def as_last_time(here: Frame, every: Shelved, review: Review) -> Review:
    """The same people, place, weekday and hour as in the last closed review: a review comes again."""
    earlier = next((each for each in every.closed if each < review.id), None)
    last = Shelf(here.folder, here.service.name).read(earlier) if earlier else None
    if last is None:
        return review
    meets_at = _again(last.meets_at, review) if last.meets_at else None
    return replace(review, attendees=last.attendees, place=last.place, meets_at=meets_at)


def _again(before: datetime, review: Review) -> datetime:
    """Whole weeks later by the clock on the wall, on the day of the review or in the week after it."""
    zone = ZoneInfo(review.zone)
    local = before.astimezone(zone).replace(tzinfo=None)
    weeks = max(0, -((local.date() - date.fromisoformat(review.id)).days // 7))
    return (local + timedelta(weeks=weeks)).replace(tzinfo=zone)
