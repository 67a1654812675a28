"""The matrix as HTML: components as rows, the four signals as columns, in each a chip for every needed indicator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from urllib.parse import urlencode

from metrics.review.coverage import Cell, signal_of
from metrics.ui.address import Query
from metrics.ui.coverage_words import SIGNALS, SIGNS, how_it_stands, why
from metrics.ui.words import t, title_of

__all__ = ["STYLE", "matrix"]

# Grey and hatched is a hole, whatever made it. Only what is whole is green.
STYLE = """<style>
.coverage { width: 100%; border-collapse: collapse; font-size: 0.83rem; line-height: 1.3; margin: 0; }
.coverage th { text-align: left; font-weight: 600; padding: 0.2rem 0.6rem 0.2rem 0; white-space: nowrap; }
.coverage td { padding: 0.14rem 0.5rem 0.14rem 0; vertical-align: top; }
.coverage tr { border-bottom: 1px solid rgba(128, 128, 128, 0.18); }
.coverage th small { font-weight: 400; }
.coverage a, .coverage-key span {
  display: inline-block; padding: 0 0.4rem; margin: 0.08rem 0.25rem 0.08rem 0; border-radius: 4px; color: inherit;
  text-decoration: none; border: 1px solid transparent; white-space: nowrap;
}
.coverage a:hover, .coverage a:focus-visible { border-color: currentColor; }
.coverage a[aria-current] { border: 1px solid currentColor; }
.is-collected { background: rgba(38, 150, 90, 0.16); }
.is-partial { background: rgba(224, 160, 30, 0.26); }
.is-failed, .is-never, .is-stale {
  background: repeating-linear-gradient(135deg, rgba(128, 128, 128, 0.30) 0 5px, rgba(128, 128, 128, 0.18) 5px 10px);
}
a.is-failed, a.is-never, a.is-stale { font-weight: 600; }
.coverage-key { font-size: 0.8rem; }
/* On a phone the list is the page, and what is chosen in it comes after it. */
@media (max-width: 640px) {
  .coverage, .coverage-key { display: none; }
  .st-key-coverage-body > :has(.st-key-coverage-cell) { order: 2; }
}
</style>"""


def matrix(cells: Sequence[Cell], query: Query, chosen: tuple[str, str] | None, zone: str, now: datetime) -> str:
    """`query` is what each link keeps of this view."""
    head = "".join(f"<th scope='col'>{escape(t(title))}</th>" for title in SIGNALS.values())
    rows = [
        _row(list(mine), query, chosen, zone, now) for _, mine in groupby(cells, key=lambda cell: cell.component.name)
    ]
    return (
        f"<table class='coverage'><thead><tr><th scope='col'>{escape(t('Component'))}</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(cells: Sequence[Cell], query: Query, chosen: tuple[str, str] | None, zone: str, now: datetime) -> str:
    component = cells[0].component
    owner = f" <small>{escape(component.owner)}</small>" if component.owner else ""
    columns = [
        "".join(_chip(cell, query, chosen, zone, now) for cell in cells if signal_of(cell.indicator) == signal)
        for signal in SIGNALS
    ]
    told = "".join(f"<td>{column}</td>" for column in columns)
    return f"<tr><th scope='row'>{escape(component.title)}{owner}</th>{told}</tr>"


def _chip(cell: Cell, query: Query, chosen: tuple[str, str] | None, zone: str, now: datetime) -> str:
    reason = why(cell)
    told = how_it_stands(cell, zone, now) + (f": {reason}" if reason else "")
    component, indicator = cell.key
    link = urlencode({**query, "component": component, "indicator": indicator}, doseq=True)
    current = " aria-current='true'" if cell.key == chosen else ""
    return (
        f"<a class='is-{cell.state}' href='?{escape(link)}' target='_self' title='{escape(told)}'{current}>"
        f"{SIGNS[cell.state]} {escape(title_of(cell.indicator))}</a>"
    )
