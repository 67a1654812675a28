"""Batches

When the jobs ran and for how long, over how many rows, how much is left to their deadlines, and what failed.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import batch_loading, batches, controls, frame
from metrics.ui.batch_words import how_they_ran

here = frame.begin(__doc__)
newest = batches.period_end(here)

with here.toolbar:
    st.space("stretch")
    period = controls.period(here.zone, newest, here.last_review())

seen = batch_loading.batches(here.folder, here.config, here.service, period)
if seen.jobs:
    chosen = batches.ask(seen)
    st.markdown(how_they_ran(seen.jobs, period, service=here.service.title))
    batches.draw_clock(seen, chosen)
    batches.draw_jobs(here, seen)
    batches.draw_job(here, seen, chosen)
else:
    batches.draw_nothing(here, seen)
