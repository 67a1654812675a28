"""Spikes

One trouble with everything beside it on one time axis, who is suspected, and what else moved.
"""

from __future__ import annotations

import streamlit as st

from metrics.ui import frame, spikes, spikes_list, spikes_loading, spikes_note, spikes_parts

here = frame.begin(__doc__)
newest = here.require_data()
spikes_note.keep(here)

asked = spikes.ask(here, newest)
if asked.trouble is None or asked.link is None:
    spikes_list.draw(here, asked)
    st.stop()

seen = spikes_loading.drilled(here.folder, here.config, here.service, asked.trouble, asked.window)
spikes_parts.draw(here, asked, seen)
left, right = st.columns([5, 2], gap="medium")
with left:
    spikes_parts.endpoints(here, seen)
with right:
    spikes_note.draw(here, asked.about, asked.link)
spikes_parts.moved(here, seen)
