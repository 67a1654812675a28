"""What both teams follow: as the service's file says, else what somebody drew a line for, else the catalogue's first.

Of the parts of a component the worst leads: the fullest disk is the one to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from metrics.model import Indicator, Service
from metrics.review.lines import Line, address_of, family, parse_address
from metrics.review.reading import SIDES, Reading, Side, side_of

__all__ = ["HEADLINES", "first_of_each", "headline"]

# A tile for each: eight fit in one row of a projector.
HEADLINES = 8


def headline(readings: Sequence[Reading], service: Service, indicators: Mapping[str, Indicator]) -> tuple[Line, ...]:
    """At most eight lines, the application's first; without a choice of the service, half from each side."""
    named = _named(readings, service, indicators)
    if named:
        return tuple(sorted(named[:HEADLINES], key=lambda line: SIDES.index(side_of(line.indicator))))
    halves = {side: list(_default(readings, side, service, indicators)) for side in SIDES}
    half = HEADLINES // 2
    room = {side: HEADLINES - min(len(halves[_other(side)]), half) for side in SIDES}
    return tuple(line for side in SIDES for line in halves[side][: room[side]])


def first_of_each(leading: Sequence[Line], most: int) -> tuple[Line, ...]:
    """The first few of each side, for a chart that must not be one team's alone."""
    halves = ([line for line in leading if side_of(line.indicator) == side] for side in SIDES)
    return tuple(line for half in halves for line in half[:most])


def _named(readings: Sequence[Reading], service: Service, indicators: Mapping[str, Indicator]) -> list[Line]:
    known = {reading.line.address: reading.line for reading in readings}
    names = {alias: each.name for each in indicators.values() for alias in (each.name, *each.aliases)}
    asked = (parse_address(address) for address in service.headline)
    addresses = (address_of(component, part, names.get(name, name)) for component, part, name in asked)
    return [known[address] for address in addresses if address in known]


def _default(
    readings: Sequence[Reading], side: Side, service: Service, indicators: Mapping[str, Indicator]
) -> Iterator[Line]:
    """Lines with a threshold of their own, then one an indicator from components that are not there yet, then any."""
    own = {(each.name, threshold.indicator) for each in service.components for threshold in each.thresholds}
    order = {name: place for place, name in enumerate(indicators)}
    fitting = [r for r in readings if side_of(r.line.indicator) == side and _leads(r)]
    fitting.sort(key=lambda r: (order[r.line.indicator.name], r.line.part is not None, _room(r)))
    used: set[tuple[str, str]] = set()
    for wish in ("own threshold", "new component", "new indicator"):
        for reading in fitting:
            line = reading.line
            key = (line.component, family(line))
            is_own = (line.component, line.indicator.name) in own
            if key not in used and _grants(wish, key, used, is_own=is_own):
                used.add(key)
                yield line


def _grants(wish: str, key: tuple[str, str], used: set[tuple[str, str]], *, is_own: bool) -> bool:
    if wish == "own threshold":
        return is_own
    is_new_indicator = all(key[1] != each[1] for each in used)
    return is_new_indicator and (wish == "new indicator" or all(key[0] != each[0] for each in used))


def _leads(reading: Reading) -> bool:
    return reading.now is not None and reading.line.indicator.better != "neutral"


def _room(reading: Reading) -> float:
    """Little of it first: by headroom, else by how high it is."""
    if reading.headroom is not None:
        return reading.headroom
    sign = 1 if reading.line.indicator.better == "higher" else -1
    return sign * (reading.now or 0.0)


def _other(side: Side) -> Side:
    return "dev" if side == "infra" else "infra"
