"""The controls of a toolbar, each bound to the URL: what is asked for survives a reload and can be sent on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.model import Window
from metrics.review.period import Period, back
from metrics.ui import address
from metrics.ui.sentences import unknown_value
from metrics.ui.words import t

__all__ = [
    "asked_period",
    "between",
    "bounds",
    "choice",
    "dragged",
    "explain",
    "moment_in",
    "one",
    "period",
    "several",
    "switch",
]

WEEKS = {"1w": 1, "4w": 4, "13w": 13}
HOUR = timedelta(hours=1)
LEAST_DRAG = timedelta(minutes=2)
YEARS = (1970, 2100)
LIKE = "2026-11-16T09:00"


def choice(label: str, options: Mapping[str, str], key: str, *, then: Callable[[], None] | None = None) -> str:
    """A row of buttons; the first option is the default. `options` maps what the URL says to what is shown."""
    default = _open(options, key)
    st.segmented_control(
        label,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        required=True,
        label_visibility="collapsed",
        on_change=_keep,
        args=(key, default, then),
    )
    explain(key, options)
    return str(st.session_state[key])


def one(label: str, options: Mapping[str, str], key: str, *, width: int | Literal["stretch"] = 180) -> str:
    """The same as a list to drop down, for more options than fit in a row."""
    default = _open(options, key)
    st.selectbox(
        label,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        label_visibility="collapsed",
        width=width,
        on_change=address.keep,
        args=(key, default),
    )
    explain(key, options)
    return str(st.session_state[key])


def explain(key: str, options: Mapping[str, str]) -> None:
    """A value in the link that is none of the options: which ones there are, and which is shown instead."""
    asked = address.asked(key)
    if asked is not None and asked not in options:
        st.warning(unknown_value(key, asked, options))


def _open(options: Mapping[str, str], key: str) -> str:
    """Set the control to what the link says; what stands for no answer is the first option."""
    default = next(iter(options))
    asked = address.asked(key)
    st.session_state[key] = asked if asked in options else default
    return default


def _keep(key: str, default: str, then: Callable[[], None] | None) -> None:
    address.keep(key, default)
    if then is not None:
        then()


def several(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    names: Callable[[str], str] = str,
    default: Sequence[str] = (),
    placeholder: str = "",
) -> tuple[str, ...]:
    """Any of the options. Unknown ones in the URL are for the page to explain."""
    asked = [each for each in address.asked_all(key) if each in options]
    st.session_state[key] = asked if address.asked(key) is not None else list(default)
    st.multiselect(
        label,
        list(options),
        key=key,
        format_func=names,
        placeholder=placeholder or label,
        label_visibility="collapsed",
        on_change=address.keep,
        args=(key, list(default)),
    )
    return tuple(st.session_state[key])


def switch(label: str, key: str, *, default: bool, help_text: str | None = None) -> bool:
    """On or off; the link says yes or no."""
    asked = address.asked(key)
    st.session_state[key] = asked == "yes" if asked in ("yes", "no") else default
    st.toggle(label, key=key, help=help_text, on_change=address.keep, args=(key, default))
    options = {"yes": t("yes"), "no": t("no")}
    explain(key, options if default else dict(reversed(options.items())))
    return bool(st.session_state[key])


def period(zone: str, until: datetime, last_review: datetime | None) -> Period:
    """The period picker. Periods end with the data, so that a demo of last spring still opens on its last week."""
    names = {"1w": t("1 week"), "4w": t("4 weeks"), "13w": t("13 weeks")}
    windows = _windows(zone, until, last_review)
    if "review" in windows:
        names["review"] = t("Since last review")
    elif address.asked("period") == "review":
        # As a first review looks at it.
        names["review"], windows["review"] = t("No review before: 1 week"), windows["1w"]
    before = windows.get(address.asked("period") or "", windows["1w"])
    chosen = choice(
        t("Period"), {**names, "custom": t("Custom")}, "period", then=partial(_fix, before=before, zone=zone)
    )
    return Period(between(zone, before) if chosen == "custom" else windows[chosen], zone)


def asked_period(zone: str, until: datetime, last_review: datetime | None) -> Period:
    """The period of the link, for a page that has no room for the picker."""
    windows = _windows(zone, until, last_review)
    since, end = (moment_in(address.asked(key) or "") for key in ("since", "until"))
    if address.asked("period") == "custom" and since is not None and end is not None and since < end:
        clock = ZoneInfo(zone)
        return Period(Window(since.replace(tzinfo=clock), end.replace(tzinfo=clock)), zone)
    return Period(windows.get(address.asked("period") or "", windows["1w"]), zone)


def _windows(zone: str, until: datetime, last_review: datetime | None) -> dict[str, Window]:
    """What each period means by now, but for the one that is chosen by hand."""
    end = _next_hour(until)
    windows = {name: Window(back(end, timedelta(weeks=weeks), zone), end) for name, weeks in WEEKS.items()}
    if last_review is not None and last_review < until:
        windows["review"] = Window(last_review, end)
    return windows


def _fix(*, before: Window, zone: str) -> None:
    """Callback of the picker: Custom begins with what was on the screen; any other period has no bounds."""
    is_custom = st.session_state["period"] == "custom"
    address.move(bounds(before, zone) if is_custom else {"since": None, "until": None})


def bounds(window: Window, zone: str) -> dict[str, datetime]:
    """As an address has them: by the zone's clock, without saying so."""
    clock = ZoneInfo(zone)
    return {
        "since": window.start.astimezone(clock).replace(tzinfo=None),
        "until": window.end.astimezone(clock).replace(tzinfo=None),
    }


def between(zone: str, default: Window) -> Window:
    """Two times to choose, always both in the address: without them, a link would mean another week every day."""
    usual = bounds(default, zone)
    address.move({key: moment for key, moment in usual.items() if address.asked(key) is None})
    since = _moment("since", t("From"), usual["since"])
    until = _moment("until", t("To"), usual["until"])
    if since >= until:
        st.warning(t("The period ends before it starts; the week up to its end is shown."))
        since = until - timedelta(weeks=1)
    clock = ZoneInfo(zone)
    return Window(since.replace(tzinfo=clock), until.replace(tzinfo=clock))


def dragged(key: str, zone: str) -> Window | None:
    """The span that somebody drew on the chart of this key; None where it is no more than a slip of the hand."""
    boxes = st.session_state[key]["selection"]["box"]
    if not boxes:
        return None
    clock = ZoneInfo(zone)
    since, until = sorted(datetime.fromisoformat(str(x)[:19].replace(" ", "T")) for x in boxes[0]["x"])
    if until - since < LEAST_DRAG:
        return None
    return Window(since.replace(tzinfo=clock), until.replace(tzinfo=clock))


def _moment(key: str, label: str, default: datetime) -> datetime:
    asked = address.asked(key) or ""
    moment = moment_in(asked)
    if moment is None:
        st.warning(
            t("`{key}={value}` in this link is no time: write it like `{like}`.", key=key, value=asked, like=LIKE)
        )
    st.session_state[key] = moment or default
    st.datetime_input(
        label, key=key, label_visibility="collapsed", width=190, on_change=address.keep, args=(key, None)
    )
    return st.session_state[key] or default


def moment_in(asked: str) -> datetime | None:
    """A time of these years; others are slips of the hand that no calendar can count back from."""
    try:
        moment = datetime.fromisoformat(asked).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if YEARS[0] <= moment.year <= YEARS[1] else None


def _next_hour(moment: datetime) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + HOUR
