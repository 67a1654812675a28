"""Collecting again and again: `collect --every`, and the same inside the app as a daemon thread.

When a source is due follows from the store's runs and the clock alone, so that any number of loops agree on it,
and a page can say when the next run is without asking any of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from metrics import config as configuration
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of, tidy
from metrics.config import Config, SourceConfig
from metrics.errors import TomoniError
from metrics.store import read

__all__ = ["After", "Handle", "Loop", "Report", "next_run", "next_runs", "start_in_background"]

log = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How often the configuration is looked at again, so that a new source needs no restart.
RELOAD = timedelta(seconds=15)
# How often the loop looks at its clock.
NAP_S = 0.2
# How long the end waits for runs under way; what is cut then completes in the next run.
PATIENCE_S = 10.0
# Among so many runs the last one of each source is looked for; one that comes later is due anyway.
LOOKED_AT = 1_000

Report = Callable[[Outcome | TomoniError], None]
Clock = Callable[[], datetime]
After = Callable[[Config, datetime], None]
"""What follows a run that brought something: looking for findings."""


def next_run(last_started: datetime | None, every: timedelta, now: datetime) -> datetime:
    """The first full multiple of `every` on the clock after the last run; now where there was none or it is past."""
    # One that lies well ahead was written under a wrong clock: it must not stop collecting until then.
    if last_started is None or last_started > now + every:
        return now
    return max(now, last_started + every - (last_started - EPOCH) % every)


def next_runs(config: Config, runs: pd.DataFrame, now: datetime) -> Mapping[str, datetime]:
    """When each configured source is due, from the store's runs; it happens only where a loop is running."""
    last = _last_started(runs)
    return {
        source.name: next_run(last.get(source.name), source.every or config.every, now) for source in config.sources
    }


class Loop:
    """Runs each source of a folder whenever it is due, each in a thread of its own, until told to stop."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        report: Report,
        after: After,
        names: Sequence[str] = (),
        every: timedelta | None = None,
    ) -> None:
        """`every` overrides all rhythms of the configuration."""
        self._folder, self._clock, self._report, self._after = folder, clock, report, after
        self._names, self._every = names, every
        self._stop = threading.Event()
        self._due: dict[str, datetime] = {}
        self._under_way: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Collects until `stop` is called. Raises what is wrong with the configuration at the start."""
        config = configuration.load(self._folder)
        sources, looked = chosen(config, self._names), self._clock()
        while not self._stop.is_set():
            now = self._clock()
            if now - looked >= RELOAD:
                config, sources, looked = *self._look_again(config, sources), now
            for source in sources:
                if now >= self._due.get(source.name, now):
                    self._start(config, source, now)
            self._stop.wait(NAP_S)
        for thread in self._under_way.values():
            thread.join(PATIENCE_S)

    def stop(self) -> None:
        """Starts no more runs; `run` returns when those under way have ended, or after PATIENCE_S."""
        self._stop.set()

    def _look_again(self, config: Config, sources: list[SourceConfig]) -> tuple[Config, list[SourceConfig]]:
        """The configuration as it is now; the one in force where somebody is in the middle of editing it."""
        try:
            config = configuration.load(self._folder)
            return config, chosen(config, self._names)
        except TomoniError as error:
            self._report(error)
            return config, sources

    def _start(self, config: Config, source: SourceConfig, now: datetime) -> None:
        every = self._every or source.every or config.every
        self._due[source.name] = next_run(now, every, now)
        if (busy := self._under_way.get(source.name)) and busy.is_alive():
            return
        thread = threading.Thread(
            target=self._run, args=(config, source, every, now), name=f"collect-{source.name}", daemon=True
        )
        self._under_way[source.name] = thread
        thread.start()

    def _run(self, config: Config, source: SourceConfig, every: timedelta, now: datetime) -> None:
        """One run, unless another loop has done it since it fell due."""
        try:
            if next_run(self._last_started(config, source), every, now) <= now:
                outcome = run_source(config, source, Request(now))
                self._report(outcome)
                tidy(config.folder)
                if outcome.rows:
                    self._after(config, now)
        except TomoniError as error:
            self._report(error)

    def _last_started(self, config: Config, source: SourceConfig) -> datetime | None:
        store = store_of(config)
        if not store.exists():
            return None
        with store.read() as db:
            return _last_started(read.runs(db, limit=LOOKED_AT)).get(source.name)


@dataclass(frozen=True, slots=True)
class Handle:
    """The loop inside the app."""

    loop: Loop
    thread: threading.Thread

    def stop(self) -> None:
        self.loop.stop()
        self.thread.join(PATIENCE_S)

    @property
    def is_running(self) -> bool:
        return self.thread.is_alive()


def start_in_background(folder: Path, after: After) -> Handle | None:
    """The loop as a daemon thread of this process, when tomoni.yaml asks for it; call once per process."""
    if not configuration.load(folder).collect_in_app:
        return None
    loop = Loop(folder, lambda: datetime.now(UTC), _log, after)
    thread = threading.Thread(target=_guarded, args=(loop,), name="collect", daemon=True)
    thread.start()
    return Handle(loop, thread)


def _guarded(loop: Loop) -> None:
    try:
        loop.run()
    except TomoniError as error:
        _log(error)


def _log(news: Outcome | TomoniError) -> None:
    if isinstance(news, TomoniError):
        log.error("%s", news)
    elif news.state in ("failed", "partial"):
        log.warning("%s: %s: %s", news.source, news.state, news.detail)


def _last_started(runs: pd.DataFrame) -> Mapping[str, datetime]:
    pulls = runs[runs["verb"] == "collect"].groupby("source")["started_at"].max()
    return {str(source): started.to_pydatetime() for source, started in pulls.items()}
