"""Review

What to talk about, what was decided, by whom and until when; held, closed, and read again next time.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from metrics.ui import (
    frame,
    review,
    review_acts,
    review_agenda,
    review_closed,
    review_drafts,
    review_loading,
    review_meeting,
    speaking,
)
from metrics.ui.words import t

here = frame.begin(__doc__)
here.require_data()
review_acts.keep(here)
speaking.keep(here, partial(review_acts.still_open, here))
st.html(review.STYLE)

every = review_loading.shelved(here)
is_meeting = review.is_meeting()
held = review_loading.opened(here, every, review.asked(here, every, picker=not is_meeting))
if is_meeting and held.state == "preview":
    st.info(t("Meeting mode begins once this review is opened. Open it below, or leave `mode` out of the link."))
if is_meeting and held.state != "preview":
    review_meeting.draw(held)
else:
    review.draw_head(held, every)
    review.draw_figures(held.review, review_closed.corrections_of(held))
    if held.state == "closed":
        review_closed.draw_ways_on(held, every)
    review_agenda.draw(held)
speaking.listen(here)
review_drafts.hold()
