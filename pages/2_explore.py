"""Explore

Any components, indicators and parts on one time axis, with the events, the rows and the SQL behind them.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import controls, explorer, frame, unmeasured
from metrics.ui.words import t

here = frame.begin(__doc__)
newest = here.require_data()

with here.toolbar:
    st.space("stretch")
    period = controls.period(here.zone, newest, here.last_review())
    compare = controls.switch(t("Compare"), "compare", default=True, help_text=t("Beside the period before it"))

if here.newest is None:
    unmeasured.draw(here, period)
    st.stop()

choice = explorer.ask(here, period)
if choice.lines:
    explorer.draw(here, choice, period, compare=compare)
