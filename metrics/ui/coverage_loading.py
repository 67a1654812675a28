"""What the Coverage page knows of the store, loaded once for each version of it and shared by all visitors."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import streamlit as st

from metrics.config import Config
from metrics.meeting.covered import covered as covered_by
from metrics.model import Service
from metrics.review.coverage import Coverage, declared
from metrics.review.lines import Line
from metrics.store import entries, read
from metrics.ui.frame import Frame
from metrics.ui.loading import known, said, store_of

__all__ = ["components", "covered"]


@said
def covered(here: Frame) -> Coverage:
    """Each component by what its kind needs, as of this minute, with what people said does not apply."""
    # A demo ends when it was made; anything else is late by the clock.
    as_of = here.newest if here.newest and here.service.name in here.facts.demo else here.now
    minute = as_of.replace(second=0, microsecond=0) + timedelta(minutes=1)
    store, service = store_of(here.folder), here.service
    lines = known(here.folder, here.config, service.name).lines
    with store.read() as db:
        stamp, words = read.stamp(db), entries.latest(db, "hole", service.name)
    return declared(_covered(here.folder, stamp, repr(service), minute, service, lines), words)


@st.cache_resource(max_entries=8, show_spinner=False)
def _covered(
    folder: Path, stamp: str, described: str, as_of: datetime, _service: Service, _lines: tuple[Line, ...]
) -> Coverage:
    with store_of(folder).read() as db:
        return covered_by(db, _service, _lines, as_of)


def components(folder: Path, settings: Config, service: Service) -> tuple[str, ...]:
    """What the store knows of, whoever described it."""
    return tuple(dict.fromkeys(line.component for line in known(folder, settings, service.name).lines))
