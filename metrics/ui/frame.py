"""What every page begins with: who asks, which service, the menu, how fresh the data is. Each page's first call.

A page in pages/ runs without app.py, so whatever must hold for every page is done here and nowhere else.
"""

from __future__ import annotations

import ast
import atexit
import gc
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metrics.config import Config
from metrics.errors import StoreError
from metrics.meeting.shelf import closed_until
from metrics.model import Service
from metrics.ui import address, author, controls, loading
from metrics.ui.loading import Facts
from metrics.ui.style import STYLE
from metrics.ui.words import age, both, moment, t

__all__ = ["Frame", "begin", "pages"]

ROOT = Path(__file__).parents[2]
ICON = Path(__file__).parent / "icon.png"


@dataclass(frozen=True)
class Frame:
    """What a page may ask of its surroundings."""

    folder: Path
    config: Config
    service: Service
    facts: Facts
    now: datetime
    who: str
    """The name of the person who looks at the page; empty until they have said it. No other place knows."""
    toolbar: DeltaGenerator
    """The row beside the title, for the page's own controls."""

    @property
    def newest(self) -> datetime | None:
        return self.facts.newest.get(self.service.name)

    @property
    def zone(self) -> str:
        return self.service.time_zone

    def last_review(self) -> datetime | None:
        """Up to when the newest closed review looked that has data after it: nothing is since one of this hour.

        None where it can't be read, which the page says; it needs it for no more than one of its periods.
        """
        reached = self.newest or self.facts.reached.get(self.service.name)
        try:
            return closed_until(self.folder, self.service.name, reached)
        except StoreError as error:
            st.warning(str(error))
            return None

    def require_data(self) -> datetime:
        """The newest sample's time, else that of events; without any, the page is one sentence: how to begin."""
        known = self.newest or self.facts.reached.get(self.service.name)
        if known is not None:
            return known
        st.info(
            t(
                "There is no data yet. Fill the store with `python -m metrics demo` to look around, collect this "
                "machine with `python -m metrics collect --source host`, or import a file with "
                "`python -m metrics import FILE --as samples`."
            )
        )
        return st.stop()


def begin(doc: str | None, *, of_one_service: bool = True) -> Frame:
    """Draw the frame of the page whose docstring this is; one that shows all services lets nobody pick one."""
    title = (doc or "").partition("\n")[0].rstrip(".")
    st.set_page_config(page_title=f"{t(title)} · Tomoni", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    _spare(len(sys.modules))
    folder = Path(os.environ.get("TOMONI_DATA") or "data").resolve()
    bar = st.container(horizontal=True, vertical_alignment="center", key="bar", gap="medium")
    with bar:
        st.markdown("**Tomoni**", width="content")
        for path, name in pages():
            st.page_link(path, label=t(name), query_params=address.carried())
    settings = loading.configuration(folder)
    now, who = datetime.now(UTC), author.known()
    facts = loading.facts(folder, now)
    loading.collect_in_background(folder)
    with bar:
        _demo_label(facts)
        st.space("stretch")
        service = _service(settings, facts, picker=of_one_service)
        reached = facts.reached.get(service.name) if of_one_service else max(facts.reached.values(), default=None)
        st.caption(_freshness(reached, service, now), width="content")
        author.field(who)
        # Last in its row, since it comes and goes: below it, fields that somebody types in would move and lose it.
        author.remember()
    _failures(facts)
    toolbar = st.container(horizontal=True, vertical_alignment="center", key="toolbar", gap="small")
    with toolbar:
        st.title(t(title), anchor=False, width="content")
    return Frame(folder, settings, service, facts, now, who, toolbar)


@cache
def _spare(modules: int) -> None:
    """Once for each time that modules were loaded: take them out of the search for garbage.

    Streamlit searches all of memory after each run of a page: 110 ms, in which nobody gets an answer. Most of it are
    modules, which never become garbage.
    """
    gc.collect()
    gc.freeze()


# At the end everything is given back, or the driver of the store complains on stderr.
atexit.register(gc.unfreeze)


@cache
def pages() -> tuple[tuple[str, str], ...]:
    """Every page by its path and its title, which is the first line of its docstring: the menu is the folder."""
    files = [ROOT / "app.py", *sorted((ROOT / "pages").glob("[0-9]*.py"))]
    return tuple((str(file.relative_to(ROOT)), _title(file)) for file in files)


def _title(file: Path) -> str:
    doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or file.stem
    return doc.partition("\n")[0].rstrip(".")


def _service(settings: Config, facts: Facts, *, picker: bool) -> Service:
    """The one that the URL names; a picker as soon as there are two."""
    configured = {service.name: service for service in settings.services}
    # `default` only stands in for a folder without services: not beside those that the store knows.
    others = [name for name in facts.services if name not in configured]
    names = [name for name in configured if name in facts.services or not others] + others
    titles = {name: configured[name].title if name in configured else name for name in names}
    if not picker:
        asked = address.asked("service")
        chosen = asked if asked in names else names[0]
    elif len(names) < 2:
        chosen = names[0]
        controls.explain("service", titles)
    else:
        chosen = controls.one(t("Service"), titles, "service", width=160)
    return configured.get(chosen) or Service(chosen, chosen, "UTC", 0)


def _freshness(reached: datetime | None, service: Service, now: datetime) -> str:
    if reached is None:
        return t("no data yet · {zone}", zone=service.time_zone)
    return t(
        "data until {moment}, {age} · {zone}",
        moment=moment(reached, service.time_zone, now),
        age=age(reached, now),
        zone=service.time_zone,
    )


def _demo_label(facts: Facts) -> None:
    if facts.demo:
        st.markdown(
            t(
                ":orange-badge[Demo data: {services}]",
                services=both(facts.demo),
            ),
            help=t("This service is invented; `python -m metrics demo --remove` takes it away."),
            width="content",
        )


def _failures(facts: Facts) -> None:
    for source, reason in facts.failing:
        st.warning(
            t(
                "Source {source} failed: {reason} Its newest figures may be old; see Sources.",
                source=source,
                reason=reason if reason.endswith(".") else f"{reason}.",
            )
        )
