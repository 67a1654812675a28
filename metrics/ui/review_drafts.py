"""What somebody typed and has not kept yet, over a reload: their tab of the browser holds it, and no store does.

A text that comes back is handed over with a mark at its end, so that the page can say that it is an earlier one.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

__all__ = ["LONGEST", "MARK", "hold", "typed"]

# What is looked into, said in a line; what takes longer is a note or belongs behind a link.
LONGEST: Final = 2_000
MARK: Final = "\u2063"
"""An invisible separator, which nobody types."""
# One for the whole visit. The first look at a field since the page was loaded gives back what is held; later ones
# hold what the field has, and forget what was kept, since its field is empty.
SCRIPT: Final = r"""<script>
if (!window.tomoniDrafts) {
  const mark = "\u2063", longest = LONGEST, seen = window.tomoniDrafts = new Set();
  const named = (field) => {
    const asked = new URLSearchParams(location.search);
    const own = field.closest("[class*=st-key-words-]").className.match(/st-key-words-\S+/)[0];
    return ["draft", asked.get("service"), asked.get("review"), own].join("/");
  };
  const give = (field, text) => {
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    set.call(field, text.length < longest ? text + mark : text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    // Who types in it leaves it by themselves, and the page hears of it then.
    if (field !== document.activeElement) field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  };
  const look = () => {
    const field = document.querySelector(".st-key-review-words textarea");
    if (!field) return;
    const name = named(field), held = sessionStorage.getItem(name), text = field.value.replaceAll(mark, "");
    const isEarlier = !seen.has(name) && held && !text.startsWith(held);
    seen.add(name);
    // Whoever was faster than what comes back goes on with it.
    const all = isEarlier ? held + text : text;
    if (all) sessionStorage.setItem(name, all);
    else sessionStorage.removeItem(name);
    if (isEarlier) give(field, all);
  };
  document.addEventListener("input", look);
  setInterval(look, 300);
}
</script>""".replace("LONGEST", str(LONGEST))


def typed(key: str) -> str:
    """What the field of this key has. The mark stays in it: to take it out would take what is typed meanwhile."""
    return str(st.session_state.get(key) or "").replace(MARK, "").strip()[:LONGEST]


def hold() -> None:
    st.html(SCRIPT, unsafe_allow_javascript=True)
