"""`collect now`: one collection at a time for each server, in a thread, seen by everybody who looks at Sources."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import streamlit as st

from metrics.collect.run import Outcome, Request, run_sources
from metrics.config import Config, SourceConfig
from metrics.errors import TomoniError
from metrics.ui.loading import look

__all__ = ["Gathering", "of"]

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Gathering:
    """What is under way, how far it is, and how the last one ended."""

    outcomes: list[Outcome] = field(default_factory=list)
    total: int = 0
    progress: str = ""
    _thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, config: Config, sources: Sequence[SourceConfig], now: datetime) -> None:
        """Begins unless one is under way."""
        if self.is_running:
            return
        self.outcomes, self.total, self.progress = [], len(sources), ""
        self._thread = threading.Thread(
            target=self._run, args=(config, sources, now), name="collect-now", daemon=True
        )
        self._thread.start()

    def _run(self, config: Config, sources: Sequence[SourceConfig], now: datetime) -> None:
        for outcome in run_sources(config, sources, Request(now), self._tell):
            self.outcomes.append(outcome)
        if any(outcome.rows for outcome in self.outcomes):
            self._look(config, now)

    def _look(self, config: Config, now: datetime) -> None:
        """What was collected stays, whatever becomes of a message about it."""
        try:
            look(config, now)
        except TomoniError as error:
            log.warning("%s", error)

    def _tell(self, name: str, done: int, total: int, unit: str) -> None:
        self.progress = f"{name}: {done:,}" + (f" / {total:,}" if total else "") + f" {unit}"


@st.cache_resource(show_spinner=False)
def of(folder: Path) -> Gathering:
    """The one of this server and folder."""
    return Gathering()
