"""Meeting mode's keys and the clock of its time box: both live in the browser, so that neither needs a run.

The keys press the page's own buttons, which say the same with a mouse. While somebody types, no key does anything.
"""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from metrics.review.minutes import SectionName
from metrics.ui.words import t

__all__ = ["KEYS", "clock", "listen_to_keys"]

KEYS = (
    ("→  n", "next item"),
    ("←  p", "previous item"),
    ("e  i  x", "go to the answers with that letter; then a digit, or Enter for the first"),
    ("w", "write"),
    ("u", "undo"),
    ("a", "write down an action"),
    ("Esc", "out of a text, then out of meeting mode"),
    ("?", "this list"),
)
# One listener and one ticker for the whole visit; both look for what is on the page when they are needed.
SCRIPT = r"""<script>
if (!window.tomoniReview) {
  window.tomoniReview = {};
  const find = (what) => document.querySelector(what);
  let busy = 0;
  const hit = (found) => {
    if (found && !found.disabled) { busy = performance.now() + 150; found.click(); }
  };
  const press = (what) => hit(find(what));
  const idle = () => performance.now() > busy && !find("[data-stale=true]") &&
    find("[data-testid=stApp]").dataset.testScriptState === "notRunning";
  // A key that is hit before its item is drawn waits for it: it must not decide about the item before.
  let queue = [];
  const work = () => {
    while (queue.length && idle()) queue.shift().act();
    queue = queue.filter((each) => performance.now() < each.until);
    if (queue.length) setTimeout(work, 40);
  };
  const later = (act) => { queue.push({ act, until: performance.now() + 5000 }); work(); };
  const focus = (what) => { const found = find(what); if (found) found.focus(); };
  // Whoever asks for a field types on at once: what comes before the field is there is put into it, and is no key.
  let ahead = null;
  const isField = (at) => at && at.matches("input, textarea, select, [contenteditable=true]");
  const hand = () => {
    if (!ahead) return;
    const { text, until } = ahead, isThere = isField(document.activeElement);
    if (!isThere && performance.now() < until) { setTimeout(hand, 20); return; }
    ahead = null;
    if (isThere && text) document.execCommand("insertText", false, text);
  };
  const collect = (event) => {
    if (event.key === "Escape" || performance.now() > ahead.until) { ahead = null; queue = []; }
    else if (event.key === "Backspace") ahead.text = ahead.text.slice(0, -1);
    else if (event.key === "Enter") ahead.text += "\n";
    else if (event.key.length === 1) ahead.text += event.key;
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const write = (what, ask) => {
    if (!find(what)) ahead = null;
    ask(what);
    hand();
  };
  const way = (name) => focus(`.st-key-review-way-${name} [data-testid=stButton] button`);
  const acts = {
    n: () => press(".st-key-review-next button"), ArrowRight: () => press(".st-key-review-next button"),
    p: () => press(".st-key-review-back button"), ArrowLeft: () => press(".st-key-review-back button"),
    e: () => way("explained"), i: () => way("investigate"), x: () => way("ignored"),
    w: () => write(".st-key-review-words textarea", focus), a: () => write(".st-key-review-action button", press),
    u: () => press("[class*=st-key-undo-] button"),
    "?": () => press(".st-key-review-keys button"),
    Escape: () => press(".st-key-review-leave button"),
  };
  const isOurs = (event) => find(".st-key-review-meeting") && !event.isComposing &&
    !(event.ctrlKey || event.metaKey || event.altKey);
  // Before anybody else hears of it: a dialog of Streamlit's keeps each r for itself.
  window.addEventListener("keydown", (event) => {
    if (ahead && isOurs(event) && !isField(document.activeElement)) collect(event);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    const at = document.activeElement;
    if (isField(at)) {
      hand();
      if (event.key === "Escape") at.blur();
      return;
    }
    if (ahead) return;
    if (document.querySelector("[role=dialog], [data-testid=stPopoverBody]")) return;
    // Caps Lock changes nothing.
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    let act = acts[key];
    const column = () => document.activeElement.closest("[class*=st-key-review-way-]");
    if (/^[1-9]$/.test(event.key)) {
      act = () => hit(column()?.querySelectorAll("[data-testid=stButton] button")[event.key - 1]);
    }
    if (event.key === "Enter" && (queue.length || (column() && !idle()))) {
      act = () => hit(document.activeElement.closest("[class*=st-key-review-way-] button"));
    }
    if (!act) return;
    event.preventDefault();
    if (event.repeat) return;
    if (key === "w" || key === "a") ahead = { text: "", until: performance.now() + 5000 };
    later(act);
  });
  const seen = {};
  const tick = () => document.querySelectorAll(".review-clock").forEach((shown) => {
    const { began, spent, box } = shown.dataset;
    seen[began] ??= performance.now() / 1000 - Number(spent);
    const s = Math.floor(performance.now() / 1000 - seen[began]);
    shown.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    shown.classList.toggle("over", s > 60 * Number(box));
  });
  setInterval(tick, 500);
}
</script>"""


def listen_to_keys() -> None:
    st.html(SCRIPT, unsafe_allow_javascript=True)


def clock(section: SectionName, review: str, minutes: int, now: datetime) -> None:
    """How long this browser has been in the section, of its time box. Coming back goes on where it was left."""
    began, spent = _entered(section, review, now)
    box = t("of {n} min", n=minutes)
    st.html(
        f'<span class="review-time"><span class="review-clock" data-began="{review}/{section}/{began:%H%M%S%f}" '
        f'data-spent="{spent:.0f}" data-box="{minutes}">0:00</span> {box}</span>',
        width="content",
    )


def _entered(section: SectionName, review: str, now: datetime) -> tuple[datetime, float]:
    """When the section was entered for the last time, and the seconds that were spent in it before that."""
    spent: dict[tuple[str, str], float] = st.session_state.setdefault("review-spent", {})
    last: tuple[str, str, datetime] | None = st.session_state.get("review-entered")
    if last is None or last[:2] != (review, section):
        if last is not None:
            spent[last[0], last[1]] = spent.get((last[0], last[1]), 0.0) + (now - last[2]).total_seconds()
        last = st.session_state["review-entered"] = (review, section, now)
    return last[2], spent.get((review, section), 0.0)
