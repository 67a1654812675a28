"""Coverage

What each component needs and the store lacks, what that hid, and what to add for it.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import address, coverage, coverage_loading, frame, speaking
from metrics.ui.coverage_words import how_covered

here = frame.begin(__doc__)
here.require_data()
speaking.keep(here)

seen = coverage_loading.covered(here)
if seen.cells:
    with here.toolbar:
        st.space("stretch")
        listed = coverage.asked(seen)
    st.markdown(how_covered(seen, here.zone))
    cell = coverage.chosen(seen, listed)
    coverage.draw_matrix(here, seen, cell)
    with st.container(key="coverage-body"):
        if cell is not None:
            coverage.draw_cell(here, cell)
        coverage.draw_list(here, listed, address.asked("state") or "holes")
    coverage.draw_trend(here, seen)
    speaking.listen(here)
else:
    coverage.draw_nothing(here, coverage_loading.components(here.folder, here.config, here.service))
