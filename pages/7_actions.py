"""Actions

What was done about what a review saw, whether it worked, and what kind of work it was.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import actions, actions_loading, frame, speaking

here = frame.begin(__doc__)
here.require_data()
speaking.keep(here)
spoken = actions_loading.spoken(here)

with here.toolbar:
    st.space("stretch")
    actions.draw_new(here)

if spoken.every:
    actions.draw(here, spoken)
else:
    actions.draw_nothing(here)
actions.draw_months(here, spoken)
speaking.listen(here)
