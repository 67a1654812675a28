"""The trend alerts on the big store: the first look at 1,000 lines of 90 days, and one more day of them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from metrics.config import Config
from metrics.store import Store, read
from metrics.store import findings as kept
from metrics.trends.alerts import services_of
from metrics.trends.run import run
from tests.benchmarks.dataset import build

__all__ = ["main"]


def main() -> None:
    """Prints seconds by the clock and of the processor; everything is counted, reading and writing too."""
    store, _ = build("trends")
    config = Config(store.path.parent, (), (), False, timedelta(minutes=5))
    (service,) = services_of(store, config)
    with store.read() as db:
        end = read.series(db)["last_ts"].max().to_pydatetime()
    kept.forget(store, service.name)
    print("trends: 1,000 lines of 5 minutes")
    _look(store, config, "first look, 90 days and 8 passes", end - timedelta(days=1))
    _look(store, config, "one more day", end + timedelta(minutes=5))


def _look(store: Store, config: Config, name: str, now: datetime) -> None:
    (service,) = services_of(store, config)
    spent: dict[str, float] = {}
    began, worked = time.monotonic(), time.process_time()
    passes = run(store, config, service, now, lambda what, *_: spent.update({what: time.monotonic() - began}))
    whole, work = time.monotonic() - began, time.process_time() - worked
    print(f"  {name}: {whole:.1f} s ({work:.1f} s of work), {passes} passes, spikes {spent.get('spikes', 0):.1f} s")
