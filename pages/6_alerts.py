"""Alerts

Which rules fired, whether anybody needed them, what was decided about each, and what came of that.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import alerts, alerts_loading, controls, frame, speaking

here = frame.begin(__doc__)
speaking.keep(here)
newest = alerts_loading.period_end(here)

with here.toolbar:
    st.space("stretch")
    period = controls.period(here.zone, newest, here.last_review())

pile = alerts_loading.piled(here, period)
words = speaking.words(here, "rule").every
if pile.fired or words:
    alerts.draw(here, pile, words, newest)
else:
    alerts.draw_nothing(here, pile, newest)
speaking.listen(here)
