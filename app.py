"""Home

How the period was for what both teams follow, everything that is measured worst first, and what is not.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import (
    agenda,
    controls,
    coverage_loading,
    frame,
    happened,
    home_table,
    loading,
    panels,
    review_line,
    tiles,
    unmeasured,
)
from metrics.ui.sentences import how_it_was, nothing_of, worse_means
from metrics.ui.words import t

here = frame.begin(__doc__)
newest = here.require_data()

with here.toolbar:
    st.space("stretch")
    period = controls.period(here.zone, newest, here.last_review())
    view = controls.choice(t("Team"), {"all": t("All"), "dev": t("Dev"), "infra": t("Infra")}, "view")
    compare = controls.switch(t("Compare"), "compare", default=True, help_text=t("Beside the period before it"))

holes = coverage_loading.covered(here).holes
review = loading.home(here.folder, here.config, here.service, period).lacking(holes).seen_by(view)

if review.readings:
    st.markdown(how_it_was(review, service=here.service.title), help=worse_means())
    found = loading.agenda(here.folder, here.config, here.service, period)
    agenda.draw(found.seen_by(view, here.service), here.service, here.now, review_line.to_review(here))
    tiles.draw(review.panels, found, here.now, compare=compare)
    panels.draw(review, found, compare=compare)
    happened.draw(review.marks, period)
    home_table.draw(review, here.now, loading.state_of(here.folder, here.service, period, view), compare=compare)
elif here.newest is None:
    unmeasured.draw(here, period)
else:
    st.info(nothing_of(view, service=here.service.title))
home_table.draw_holes(review.holes, here.zone, here.now)
