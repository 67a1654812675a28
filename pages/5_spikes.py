"""Spikes

One trouble with everything beside it on one time axis, who is suspected, and what else moved.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import agenda, frame, spikes, spikes_list, spikes_note

here = frame.begin(__doc__)
newest = here.require_data()
spikes_note.keep(here)

asked = spikes.ask(here, newest)
if asked.trouble is None or asked.link is None:
    spikes_list.draw(here, asked)
    st.stop()

if asked.item is not None:
    agenda.row(asked.item, 0, here.service, is_open=True)
spikes_note.draw(here, asked.about, asked.link)
