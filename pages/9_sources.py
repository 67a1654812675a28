"""Sources

Each source and series: how far it reaches, how the newest question ended, what is missing, what was refused.
"""

from __future__ import annotations

from metrics.ui import frame, ledger, loading

here = frame.begin(__doc__, of_one_service=False)
seen = loading.sources(here.folder, here.config, here.now)
ledger.collect_now(here)
ledger.draw_sources(here, seen)
ledger.draw_series(here, seen)
ledger.draw_refusals(here, seen)
ledger.draw_runs(here, seen)
