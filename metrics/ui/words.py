"""Every word and number that a person reads on a page: sentences by gettext, figures and dates by Babel.

English sentences are the message ids; a language is a catalogue in locale/ beside this file.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal

from metrics.model import Indicator, Unit, Window

__all__ = [
    "age",
    "both",
    "change",
    "clock",
    "counted",
    "day",
    "day_range",
    "moment",
    "number",
    "one_of",
    "quantity",
    "scale",
    "share",
    "span",
    "stat_of",
    "step_name",
    "t",
    "title_of",
    "unbroken",
]

LOCALE = "en_GB"
NONE = "–"
# From here on a change reads better as a multiple: ×12 rather than +1,100 %.
TIMES = 9
BEFORE_UNIT = re.compile(r"(?<=\d) (?=[^\W\d_]|%)")
_STATS = {"mean": "mean", "max": "peak", "sum": "total", "last": "latest", "p95": "p95", "ratio": "overall"}
_SECONDS = ((86_400 * 2, 86_400.0, "d"), (7_200, 3_600.0, "h"), (120, 60.0, "min"), (1, 1.0, "s"), (0, 1e-3, "ms"))
_BYTES = tuple((1024.0**n, 1024.0**n, f"{prefix}B") for n, prefix in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")))


@cache
def _catalogue() -> gettext.NullTranslations:
    folder = Path(__file__).parent / "locale"
    return gettext.translation("tomoni", folder, languages=[LOCALE], fallback=True)


def t(sentence: str, **fields: object) -> str:
    """The sentence in the reader's language, with its fields filled in."""
    return _catalogue().gettext(sentence).format(**fields)


def counted(one: str, many: str, n: int, **fields: object) -> str:
    """The same for a sentence that depends on a number, given as {n}."""
    return _catalogue().ngettext(one, many, n).format(n=number(n), **fields)


def both(parts: Sequence[str]) -> str:
    """A list as it is said: `a, b and c`."""
    return format_list(list(parts), locale=LOCALE)


def one_of(parts: Sequence[str]) -> str:
    return format_list(list(parts), style="or", locale=LOCALE)


def title_of(indicator: Indicator) -> str:
    """The catalogue's name of it in the reader's language."""
    return indicator.title_ja if LOCALE.startswith("ja") else indicator.title


def stat_of(indicator: Indicator) -> str:
    """Which of a period's numbers its figure is: `peak`, `p95`, `total`."""
    return t(_STATS[indicator.rollup])


# numbers ------------------------------------------------------------------------------------------------------


def number(value: float, digits: int = 3) -> str:
    """About three digits that count: 0.0421, 4.21, 42.1, 421, 12,345."""
    size = abs(value)
    places = digits - 1 if size == 0 else max(0, digits - 1 - _magnitude(size))
    pattern = "#,##0" + ("." + "#" * places if places else "")
    return str(format_decimal(value, format=pattern, locale=LOCALE))


def scale(unit: Unit, size: float) -> tuple[float, str]:
    """What to divide values of about this size by, and the unit that they then have on the screen."""
    if unit in ("s", "By"):
        steps = _SECONDS if unit == "s" else _BYTES
        return next(((by, name) for least, by, name in steps if abs(size) >= least), (1.0, "B"))
    return 1.0, {"1": "", "1/s": "/s"}.get(unit, unit)


def quantity(value: float | None, unit: Unit) -> str:
    """A figure with its unit, in the size that reads best: 184 ms, 105.8 min, 1.5 GiB, 64.2 %."""
    if value is None:
        return NONE
    by, name = scale(unit, value)
    return f"{number(value / by)} {name}".rstrip() if value else f"0 {_plain(unit)}".rstrip()


def change(by: float | None, before: float | None, unit: Unit) -> str:
    """How far a figure moved: in points where it is a percentage, else in per cent of what it was.

    Points keep two digits that count however small they are: an error rate lives far below one point.
    """
    if by is None or before is None:
        return NONE
    if unit == "%":
        return t("{by} pt", by=_signed(by))
    if before == 0:
        return ("+" if by > 0 else "") + quantity(by, unit)
    if by / abs(before) >= TIMES:
        return f"×{number((before + by) / before, 2)}"
    return f"{_signed(round(100 * by / abs(before), 1))} %"


def share(value: float | None) -> str:
    return NONE if value is None else f"{number(100 * value, 2)} %"


def _signed(value: float) -> str:
    text = number(abs(value), 2) if abs(value) < 100 else number(round(abs(value)))
    return "0" if text == "0" else ("+" if value > 0 else "−") + text


def _magnitude(size: float) -> int:
    places = 0
    while size >= 10:
        size, places = size / 10, places + 1
    while size < 1 and places > -9:
        size, places = size * 10, places - 1
    return places


def _plain(unit: Unit) -> str:
    return {"1": "", "1/s": "/s", "By": "B"}.get(unit, unit)


# times --------------------------------------------------------------------------------------------------------


def unbroken(text: str) -> str:
    """In large letters a line must not end between a number and its unit, or a day and its month."""
    return BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)


def moment(at: datetime | None, zone: str, now: datetime | None = None) -> str:
    """A time on the zone's clock: `Mon 16 Nov, 10:40`, with the year when it is another one than now's."""
    if at is None:
        return NONE
    local = at.astimezone(ZoneInfo(zone))
    same_year = now is None or now.astimezone(ZoneInfo(zone)).year == local.year
    pattern = "EEE d MMM, HH:mm" if same_year else "d MMM y, HH:mm"
    return format_datetime(local, pattern, locale=LOCALE)


def clock(at: datetime, zone: str) -> str:
    return format_datetime(at.astimezone(ZoneInfo(zone)), "HH:mm", locale=LOCALE)


def day(on: date) -> str:
    return format_date(on, "EEE d MMM", locale=LOCALE)


def day_range(window: Window, zone: str) -> str:
    """The days that a window touches: `16 – 23 Nov 2026`."""
    first = window.start.astimezone(ZoneInfo(zone)).date()
    last = (window.end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    end = format_skeleton("yMMMd", last, locale=LOCALE)
    if first == last:
        return end
    same_month = (first.year, first.month) == (last.year, last.month)
    start = format_date(first, "d" if same_month else "d MMM" if first.year == last.year else "d MMM y", LOCALE)
    return f"{start} – {end}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit: `4 minutes`, `2 weeks`."""
    return str(format_timedelta(length, threshold=1.2, locale=LOCALE))


def age(at: datetime | None, now: datetime) -> str:
    """How long ago: `4m ago`."""
    if at is None:
        return t("never")
    # Clocks differ a little, and tables count in whole minutes.
    if at - now > timedelta(minutes=2):
        return t("in the future")
    if now - at < timedelta(minutes=1):
        return t("just now")
    if now - at >= timedelta(days=30):  # a month is written `m`, as a minute is
        return t("{days}d ago", days=number((now - at).days))
    return t("{span} ago", span=format_timedelta(now - at, threshold=1.2, format="narrow", locale=LOCALE))


def step_name(step: timedelta) -> str:
    return str(format_timedelta(step, threshold=1, format="short", locale=LOCALE))
