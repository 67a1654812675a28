"""Delivery

How often, how fast and how well changes reach users, what each figure rests on, and what caused the incidents.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import (
    controls,
    delivery_causes,
    delivery_loading,
    delivery_parts,
    delivery_table,
    delivery_tiles,
    frame,
    speaking,
)
from metrics.ui.words import t

here = frame.begin(__doc__)
speaking.keep(here)

with here.toolbar:
    st.space("stretch")
    months = {"3m": t("3 months"), "6m": t("6 months"), "12m": t("12 months")}
    span = controls.choice(t("Span"), months, "span")
    by = controls.choice(t("Steps"), {"week": t("by week"), "month": t("by month")}, "by")

seen = delivery_loading.seen(
    here.folder, here.service, int(span[:-1]), "month" if by == "month" else "week", here.now
)
if seen is None:
    delivery_parts.nothing(here)
    st.stop()

with here.toolbar:
    environment = delivery_table.environment(seen)
figure = delivery_table.asked()

st.markdown(delivery_parts.sentence(seen, environment))
for tiles in (delivery_tiles.USERS, delivery_tiles.PIPELINE):
    delivery_tiles.draw(environment, tiles, seen.delivery.by)
    if figure in tiles:
        delivery_table.draw(seen, environment, figure)
delivery_causes.draw(here, seen, environment)
delivery_parts.draw(seen, environment)
if figure not in (*delivery_tiles.USERS, *delivery_tiles.PIPELINE):
    delivery_table.draw(seen, environment, figure)
