"""What the Spikes page knows of one trouble, loaded once for each version of the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from metrics.config import Config
from metrics.model import Service, Window
from metrics.review.lines import Line
from metrics.review.suspects.trouble import Trouble
from metrics.trends.agenda import Agenda, agenda_with_finding
from metrics.trends.drill import Drill, drill
from metrics.trends.reading import watched
from metrics.ui.loading import data_of, known, said, store_of

__all__ = ["agenda_with", "drilled"]


@said
def drilled(
    folder: Path, settings: Config, service: Service, trouble: Trouble, window: Window | None = None
) -> Drill:
    """Everything beside one trouble, in this one of its windows or in the newest."""
    kinds = {source.name: source.kind for source in settings.sources}
    asked = tuple(line for line in known(folder, settings, service.name).lines if line.address in set(trouble.lines))
    key = (repr(service), repr(trouble), repr(window), repr(kinds))
    return _drilled(folder, data_of(folder), key, service, kinds, asked, trouble, window)


@st.cache_resource(max_entries=16, show_spinner=False)
def _drilled(
    folder: Path,
    version: str,
    key: tuple[str, ...],
    _service: Service,
    _kinds: Mapping[str, str],
    _asked: tuple[Line, ...],
    _trouble: Trouble,
    _window: Window | None,
) -> Drill:
    with store_of(folder).read() as db:
        lines = watched(db, _service.name, _kinds)
        # What is asked about is looked at, be it a percentile that nobody watches.
        unwatched = {line.address for line in _asked} - {line.address for line in lines}
        more = tuple(line for line in _asked if line.address in unwatched)
        return drill(db, _service, (*lines, *more), _trouble, _window)


@said
def agenda_with(folder: Path, settings: Config, service: Service, finding: str) -> Agenda | None:
    """The last agenda that this one was on: a link to what is over must still lead somewhere."""
    lines = known(folder, settings, service.name).lines
    with store_of(folder).read() as db:
        return agenda_with_finding(db, service, lines, finding)
