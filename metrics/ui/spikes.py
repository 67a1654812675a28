"""What the Spikes page is asked about: an item of the agenda, or lines in a window that somebody drew on a chart.

The address has all of it: `item`, or `since` and `until` with `line` as often as needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

import streamlit as st

from metrics import catalog
from metrics.model import Window
from metrics.review.items import Item
from metrics.review.period import Period, back
from metrics.review.suspects.trouble import Trouble, trouble_of, trouble_within
from metrics.trends.agenda import Agenda
from metrics.ui import address, controls, loading, spikes_loading
from metrics.ui.controls import HOUR, bounds
from metrics.ui.frame import Frame
from metrics.ui.words import moment, one_of, t

__all__ = ["Asked", "ask"]

# Lines of a window that nobody named: enough to see which side it is on.
FIRST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """`trouble` is None where there is one yet to choose from the agenda."""

    agenda: Agenda
    period: Period
    trouble: Trouble | None = None
    item: Item | None = None
    window: Window | None = None
    """Which of the times of the trouble; None for the newest."""
    about: str = ""
    """What a note is kept under."""
    link: address.Query | None = None
    """What leads here again, whatever else is in the address."""


def ask(here: Frame, newest: datetime) -> Asked:
    """Read the address, and draw the page's own controls in the toolbar."""
    name = address.asked("item")
    if name is None and _is_window():
        return _window(here, newest)
    if name is None:
        with here.toolbar:
            st.space("stretch")
            period = controls.period(here.zone, newest, here.last_review())
        return Asked(loading.agenda(here.folder, here.config, here.service, period), period)
    period = controls.asked_period(here.zone, newest, here.last_review())
    return _item(here, name, period)


def _is_window() -> bool:
    """Bounds alone may also be those of a period that was carried here from another page."""
    has_bounds = address.asked("since") is not None and address.asked("until") is not None
    return has_bounds and (address.asked("period") != "custom" or bool(address.asked_all("line")))


def _item(here: Frame, name: str, period: Period) -> Asked:
    agenda = loading.agenda(here.folder, here.config, here.service, period)
    item = agenda.item(name)
    if item is None:
        agenda = spikes_loading.agenda_with(here.folder, here.config, here.service, name) or agenda
        item = agenda.item(name)
    if item is None or agenda.as_of is None:
        st.warning(t("`item={name}` in this link is none that was ever found here. Choose one:", name=name))
        return Asked(agenda, period)
    trouble = trouble_of(item, agenda.as_of)
    with here.toolbar:
        st.space("stretch")
        window = _jump(trouble, here.zone)
        _neighbours(agenda.every, item)
        _all_items()
    jump = address.asked("jump")
    link: address.Query = {"service": here.service.name, "item": item.id}
    if jump:
        link["jump"] = jump
    return Asked(
        agenda,
        period,
        trouble=trouble,
        item=item,
        window=window,
        about=f"item/{item.id}",
        link=link,
    )


def _jump(trouble: Trouble, zone: str) -> Window:
    """Which of several times to look into, the newest first; a picker only where there are several."""
    newest_first = trouble.windows[::-1]
    n = len(newest_first)
    if n == 1:
        return newest_first[0]
    by_start = {bounds(each, zone)["since"].isoformat(timespec="minutes"): each for each in newest_first}
    names = {
        start: t("{moment} · {place} of {n}", moment=moment(each.start, zone), place=n - place, n=n)
        for place, (start, each) in enumerate(by_start.items())
    }
    return by_start[controls.one(t("Jump"), names, "jump", width=240)]


def _neighbours(items: Sequence[Item], item: Item) -> None:
    """One before and one after, in the order of the agenda, by click or by key."""
    place = items.index(item)
    st.caption(t("{place} of {n}", place=place + 1, n=len(items)), width="content")
    for label, key, at in ((t("Previous"), "P", place - 1), (t("Next"), "N", place + 1)):
        there = 0 <= at < len(items)
        # What is free to choose within one item means nothing in the next.
        goal = {"item": items[at].id, "jump": None} if there else {}
        st.button(label, key=f"go-{key}", shortcut=key, on_click=address.move, args=(goal,), disabled=not there)


def _all_items() -> None:
    forget = {"item": None, "jump": None, "line": None, "since": None, "until": None}
    if address.asked("period") == "custom" and not address.asked_all("line"):
        forget = {"item": None, "jump": None}
    st.button(t("All items"), key="all-items", type="tertiary", on_click=address.move, args=(forget,))


def _window(here: Frame, newest: datetime) -> Asked:
    with here.toolbar:
        st.space("stretch")
        window = controls.between(here.zone, Window(back(newest, HOUR, here.zone), newest))
        _all_items()
    period = controls.asked_period(here.zone, newest, here.last_review())
    lines = _lines(here, window)
    edges = bounds(window, here.zone)
    about = "/".join(["window", *(at.astimezone(UTC).isoformat() for at in (window.start, window.end)), lines[0]])
    return Asked(
        Agenda(None, (), ()),
        period,
        trouble=trouble_within(window, lines),
        about=about,
        link={
            "service": here.service.name,
            **{key: at.isoformat(timespec="minutes") for key, at in edges.items()},
            "line": lines,
        },
    )


def _lines(here: Frame, window: Window) -> list[str]:
    """Those of the link, by their catalogue names; without any, the first of what both teams follow."""
    names = {alias: each.name for each in catalog.load().indicators.values() for alias in (each.name, *each.aliases)}
    known = {line.address for line in loading.known(here.folder, here.config, here.service.name).lines}
    found = []
    for asked in address.asked_all("line"):
        place, slash, indicator = asked.rpartition("/")
        name = f"{place}{slash}{names.get(indicator, indicator)}"
        if name in known:
            found.append(name)
        else:
            near = one_of([f"`{each}`" for each in _near(name, known)])
            st.warning(
                t("`line={asked}` in this link is no line of this service. Try {near}.", asked=asked, near=near)
                if near
                else t("`line={asked}` in this link is no line of this service.", asked=asked)
            )
    return found or _leading(here, window, known)


def _near(name: str, known: AbstractSet[str]) -> list[str]:
    """Of the same component where there is one of that name."""
    same = sorted(each for each in known if each.startswith(name.partition("/")[0] + "/"))
    return get_close_matches(name, same or sorted(known), 3, 0.3)


def _leading(here: Frame, window: Window, known: AbstractSet[str]) -> list[str]:
    review = loading.home(here.folder, here.config, here.service, Period(window, here.zone))
    leading = [panel.reading.line.address for panel in review.panels]
    return leading[:FIRST] or sorted(known)[:FIRST]
