"""Who speaks: asked once and remembered by the browser, since a word without a name is nobody's.

Until there is a sign-in this is what somebody says of themselves. Only the frame reads it: pages ask `here.who`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import quote, unquote

import streamlit as st

from metrics.ui.delivery_words import escaped
from metrics.ui.words import t

__all__ = ["LONGEST", "ask", "button", "field", "known", "lack", "remember"]

COOKIE = "tomoni_name"
YEAR_S = 365 * 86_400
LONGEST = 60


def known() -> str:
    """The name that was said in this visit, else the one that the browser remembers; empty without."""
    if "author" not in st.session_state:
        st.session_state["author"] = _cleaned(unquote(st.context.cookies.get(COOKIE, "")))
    return str(st.session_state["author"])


def field(who: str) -> None:
    """In the header of every page: who one is, and where to change it."""
    with st.popover(
        escaped(who) or t("Who are you?"), key="who", type="tertiary", help=t("Signs what you say on these pages.")
    ):
        _input("who-field", who, t("Your name"))
        st.caption(t("This browser remembers it. Everybody who opens these pages can read what you sign."))


def ask(who: str, placeholder: str) -> None:
    """Beside something to be said: the field, as long as nobody has said who they are."""
    if who:
        st.caption(t("as {who}", who=escaped(who)), width="content")
    else:
        _input("author-field", who, placeholder)


def lack(who: str) -> str | None:
    """Beside what nobody may use before they have said who they are."""
    return None if who else t("Say who you are first.")


def button(
    who: str,
    label: str,
    key: str,
    act: Callable[..., None],
    *args: object,
    kind: Literal["primary", "secondary", "tertiary"] = "secondary",
    tip: str | None = None,
) -> None:
    """What somebody signs with a click: `act` is called with `args`."""
    st.button(label, key=key, type=kind, on_click=act, args=args, disabled=not who, help=lack(who) or tip)


def remember() -> None:
    """Hand a name that was just said to the browser."""
    if (name := st.session_state.pop("author-said", None)) is None:
        return
    written = quote(name, safe="")  # nothing is left of it that a script or a cookie could trip over
    age = YEAR_S if name else 0
    st.html(
        f"<script>document.cookie = '{COOKIE}={written}; path=/; max-age={age}; SameSite=Lax'</script>",
        unsafe_allow_javascript=True,
    )


def _input(key: str, who: str, placeholder: str) -> None:
    st.text_input(
        t("Your name"),
        value=who,
        key=key,
        placeholder=placeholder,
        label_visibility="collapsed",
        width=200,
        max_chars=LONGEST,
        on_change=_keep,
        args=(key,),
    )


def _keep(key: str) -> None:
    name = _cleaned(st.session_state[key])
    st.session_state["author"] = st.session_state["author-said"] = name


def _cleaned(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
