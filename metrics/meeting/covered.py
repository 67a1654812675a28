"""Coverage from the store, as of a moment: what the Coverage page shows, Home counts and a review talks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from metrics import catalog
from metrics.model import Service, Window
from metrics.review.coverage import Coverage, coverage
from metrics.review.lines import Line
from metrics.store import read

__all__ = ["covered"]

DAY = timedelta(days=1)
# Half a year: who remembers an incident older than that?
BACK = timedelta(weeks=26)


def covered(db: read.Reader, service: Service, lines: Sequence[Line], as_of: datetime) -> Coverage:
    """Each component by what its kind needs, from the rows alone: without what people said of its holes."""
    needs = {component.kind: catalog.load().needed_by(component.kind) for component in service.components}
    known = [_until(line, as_of) for line in lines if line.first_ts < as_of]
    needed = [line for line in known if any(line.indicator in each for each in needs.values())]
    begins = min((line.first_ts for line in known), default=as_of - DAY)
    window = Window(min(max(begins, as_of - BACK), as_of - DAY), as_of)
    ids = sorted({number for line in needed for number in line.reads})
    return coverage(
        service=service,
        needs=needs,
        lines=needed,
        answers=read.coverage(db, window, service.name),
        days=read.buckets(db, ids, window, DAY, "UTC"),
        incidents=read.events(db, window, ("incident",), service.name),
        window=window,
    )


def _until(line: Line, as_of: datetime) -> Line:
    """What came later is not known by then."""
    return line if line.last_ts <= as_of else replace(line, last_ts=as_of)
