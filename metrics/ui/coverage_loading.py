"""What the Coverage page knows of the store, loaded once for each version of it and shared by all visitors."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import streamlit as st

from metrics import catalog
from metrics.config import Config
from metrics.model import Service, Window
from metrics.review.coverage import Coverage, coverage
from metrics.review.lines import Line
from metrics.store import read
from metrics.ui.loading import known, said, store_of

__all__ = ["components", "covered"]

DAY = timedelta(days=1)
# Half a year: who remembers an incident older than that?
BACK = timedelta(weeks=26)


@said
def covered(folder: Path, settings: Config, service: Service, as_of: datetime) -> Coverage:
    """Each component of a service by what its kind needs, as of a minute."""
    lines = known(folder, settings, service.name).lines
    minute = as_of.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _covered(folder, store_of(folder).version(), repr(service), minute, service, lines)


@st.cache_resource(max_entries=8, show_spinner=False)
def _covered(
    folder: Path, version: str, described: str, as_of: datetime, _service: Service, _lines: tuple[Line, ...]
) -> Coverage:
    needs = {component.kind: catalog.load().needed_by(component.kind) for component in _service.components}
    needed = [line for line in _lines if any(line.indicator in each for each in needs.values())]
    begins = min((line.first_ts for line in _lines), default=as_of - DAY)
    window = Window(min(max(begins, as_of - BACK), as_of - DAY), as_of)
    ids = sorted({number for line in needed for number in line.reads})
    with store_of(folder).read() as db:
        return coverage(
            service=_service,
            needs=needs,
            lines=needed,
            answers=read.coverage(db, window, _service.name),
            days=read.buckets(db, ids, window, DAY, "UTC"),
            incidents=read.events(db, window, ("incident",), _service.name),
            window=window,
        )


def components(folder: Path, settings: Config, service: Service) -> tuple[str, ...]:
    """What the store knows of, whoever described it."""
    return tuple(dict.fromkeys(line.component for line in known(folder, settings, service.name).lines))
