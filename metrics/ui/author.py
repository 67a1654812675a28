"""Who speaks: asked once and remembered for the visit, since a word without a name is nobody's."""

from __future__ import annotations

import streamlit as st

__all__ = ["ask", "name"]


def ask(label: str, placeholder: str) -> None:
    """The field for the name. A widget's own state goes when another page is shown: the name must not."""
    st.text_input(
        label,
        value=name(),
        key="author-field",
        placeholder=placeholder,
        label_visibility="collapsed",
        width=190,
        max_chars=80,
        on_change=_keep,
    )


def name() -> str:
    """Empty until somebody has said who they are."""
    return str(st.session_state.get("author", ""))


def _keep() -> None:
    st.session_state["author"] = st.session_state["author-field"].strip()
