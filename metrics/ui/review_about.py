"""Who takes part in a review, where and when: the fields for it, with what the last review had in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.meeting.shelf import Shelf
from metrics.review.minutes import Review
from metrics.ui.frame import Frame
from metrics.ui.review_loading import Shelved
from metrics.ui.words import t

__all__ = ["as_last_time", "asked_about", "draw_fields"]


def draw_fields(about: Review, key: str) -> None:
    """Three fields whose keys begin with this one, as they stand in `about`."""
    st.text_input(t("Attendees"), value=about.attendees, key=f"{key}-attendees", max_chars=300, width=300)
    st.text_input(t("Place"), value=about.place, key=f"{key}-place", max_chars=120, width=180)
    zone = ZoneInfo(about.zone)
    st.datetime_input(
        t("When ({zone})", zone=about.zone), key=f"{key}-meets", width=210, format="YYYY-MM-DD",
        value=about.meets_at.astimezone(zone).replace(tzinfo=None) if about.meets_at else None,
    )  # fmt: skip


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
