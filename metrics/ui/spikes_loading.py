"""What the Spikes page knows of one trouble, loaded once for each version of the store."""

from __future__ import annotations

from pathlib import Path

from metrics.config import Config
from metrics.model import Service
from metrics.trends.agenda import Agenda, agenda_with_finding
from metrics.ui.loading import known, said, store_of

__all__ = ["agenda_with"]


@said
def agenda_with(folder: Path, settings: Config, service: Service, finding: str) -> Agenda | None:
    """The last agenda that this one was on: a link to what is over must still lead somewhere."""
    lines = known(folder, settings, service.name).lines
    with store_of(folder).read() as db:
        return agenda_with_finding(db, service, lines, finding)
