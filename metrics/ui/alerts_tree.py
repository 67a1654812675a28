"""The pile's split as the tree of the talk: a bar of all firings, and a tile for each branch with its question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from metrics.review.alerts.ledger import Split
from metrics.review.alerts.pile import BRANCHES, Branch
from metrics.ui.address import Query
from metrics.ui.alerts_words import BRANCH_NAMES, QUESTIONS
from metrics.ui.words import counted, share, t

__all__ = ["COLORS", "STYLE", "tree"]

# Told apart by people who don't see red and green. Red would say that something is on fire, and grey is for holes.
COLORS: Mapping[Branch | None, str] = {
    "remove": "#b455a0", "reduce": "#c27c0e", "automate": "#2f6fed", "watch": "#0d9488", "keep": "#5b8c1a",
    None: "#8b929c",
}  # fmt: skip
STYLE = """<style>
.alert-bar { display: flex; height: 0.6rem; gap: 2px; margin: 0.1rem 0 0.45rem; }
.alert-bar span { min-width: 3px; border-radius: 2px; }
.alert-tree { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 0.5rem; }
.alert-tree a {
  display: block; padding: 0.3rem 0.6rem 0.35rem; color: inherit; text-decoration: none; border-radius: 6px;
  border: 1px solid rgba(128, 128, 128, 0.28); border-top: 3px solid; line-height: 1.3;
}
.alert-tree a:is(:hover, :focus-visible, [aria-current]) { background: rgba(128, 140, 160, 0.12); }
.alert-tree small { display: block; font-size: 0.78rem; }
.alert-tree b { font-size: 0.9rem; }
.alert-tree .alert-n { font-size: 1.2rem; font-variant-numeric: tabular-nums; margin-right: 0.35rem; }
@media (max-width: 640px) { .alert-tree { grid-template-columns: 1fr 1fr; } }
</style>"""


def tree(splits: Sequence[Split], query: Query, chosen: str | None) -> str:
    """`query` is what each link keeps of this view; the tile that is chosen leads back to all."""
    known = {each.branch: each for each in splits}
    order: list[Branch | None] = [*BRANCHES, None]
    # The four of the tree are always there; what a person alone can say only if somebody did.
    shown = [each for each in order if each in known or each in BRANCHES[:4]]
    total = sum(each.firings for each in splits)
    bar = "".join(
        f"<span style='flex: {known[each].firings}; background: {COLORS[each]}' title='{escape(_name(each))}'></span>"
        for each in shown
        if each in known and known[each].firings
    )
    tiles = "".join(_tile(each, known.get(each), total, query, chosen) for each in shown)
    return f"<div class='alert-bar' role='presentation'>{bar}</div><div class='alert-tree'>{tiles}</div>"


def _tile(branch: Branch | None, found: Split | None, total: int, query: Query, chosen: str | None) -> str:
    key = branch or "unknown"
    is_chosen = key == chosen
    link = urlencode({**query, **({} if is_chosen else {"branch": key})}, doseq=True)
    firings, rules = (found.firings, found.rules) if found else (0, 0)
    part = f" · {share(firings / total)}" if total else ""
    told = counted("{n} rule", "{n} rules", rules)
    if rules and found is not None:
        told += t(", {k} confirmed", k=found.confirmed)
    current = " aria-current='true'" if is_chosen else ""
    return (
        f"<a href='?{escape(link)}' target='_self' style='border-top-color: {COLORS[branch]}'{current}>"
        f"<b>{escape(_name(branch))}</b><small>{escape(t(QUESTIONS[branch]))}</small>"
        f"<span class='alert-n'>{firings}</span><small style='display: inline'>"
        f"{escape(counted('alert', 'alerts', firings))}{part} · {escape(told)}</small></a>"
    )


def _name(branch: Branch | None) -> str:
    name = t(BRANCH_NAMES[branch])
    return name[:1].upper() + name[1:]
