"""review: the joint review of a day as a document, closed, open or not yet opened."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from metrics import cli_review_hold
from metrics import config as configuration
from metrics.cli_flags import a_day
from metrics.config import Config
from metrics.errors import InputError
from metrics.model import Service

if TYPE_CHECKING:
    from metrics.meeting.ledgers import About
    from metrics.review.minutes import Review
    from metrics.store import Store

Form = Literal["md", "html", "json", "pdf", "ics"]
"""The last one is not the review itself, but its entry in a calendar."""

__all__ = ["add_verbs"]

ENDINGS: Mapping[str, Form] = {
    ".md": "md", ".html": "html", ".htm": "html", ".pdf": "pdf", ".json": "json", ".ics": "ics",
}  # fmt: skip


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Review, with its flags."""
    verb = verbs.add_parser(
        "review",
        help="the joint review of a day as a document",
        description="Prints the review of a day: as it was frozen if it is closed, with what was said so far if it "
        "is held, else as the data would have it prepared. docs/review.md says how a review goes.",
    )
    verb.add_argument(
        "--as-of",
        type=a_day,
        metavar="T",
        help="of the day T by the service's clock, or of that of the time T, up to which there has to be data (the "
        "one that is held, else the newest data)",
    )
    verb.add_argument("--service", metavar="S", help="whose review (the one that is configured)")
    verb.add_argument("--format", choices=get_args(Form), help="as the ending of -o says, else md")
    verb.add_argument(
        "--with", type=a_day, dest="other", metavar="T", help="beside the review of that day; md or json"
    )
    verb.add_argument(
        "--about",
        choices=("alerts", "coverage", "actions"),
        help="not the review but this ledger beside it, as md or json",
    )
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there instead of printing it")
    cli_review_hold.add_flags(verb)
    verb.set_defaults(run=_review)


def _review(arguments: argparse.Namespace) -> int:
    form = arguments.format or _ending(arguments.output)
    if form == "pdf" and arguments.output is None and sys.stdout.isatty():
        raise InputError("a PDF is nothing to read on a terminal: name a file with -o FILE, or pipe it on")
    if arguments.other and form not in ("md", "json"):
        raise InputError(f"--with compares as md or json, not as {form}")
    if arguments.about and (arguments.other or form not in ("md", "json")):
        raise InputError("--about is written as md or json, and goes without --with")
    cli_review_hold.refuse_flags(arguments)
    now = datetime.now(UTC)
    config = configuration.load(arguments.data)
    from metrics.store import Store

    store = Store(config.folder / "tomoni.duckdb")
    service = _service(store, config, arguments.service)
    as_of, other = (_time(asked, service) for asked in (arguments.as_of, arguments.other))
    if cli_review_hold.is_asked(arguments):
        until = _until(store, service, as_of, now)
        print(cli_review_hold.run(store, config, service, until, arguments, now))
        return 0
    if arguments.about:
        _put(arguments.output, _ledger(store, config, service, arguments.about, as_of, form, now))
        return 0
    review = _found(store, config, service, as_of, now)
    made = _written(store, config, service, review, form, other, now)
    _put(arguments.output, made)
    _tell_boxes(review, form)
    _tell_corrections(store, config, service, review)
    return 0


def _time(asked: date | None, service: Service) -> datetime | None:
    """A day is one of the service's clock, as a review is named, and is looked at up to its end."""
    if asked is None or isinstance(asked, datetime):
        return asked
    from metrics.meeting.window import end_of

    return end_of(asked, service.time_zone)


def _ledger(
    store: Store, config: Config, service: Service, about: About, as_of: datetime | None, form: Form, now: datetime
) -> bytes:
    """Alerts, coverage or actions, of the time that a review of that moment looks at."""
    from metrics.meeting.ledgers import ledger, ledger_json, ledger_markdown
    from metrics.meeting.window import review_window

    until = _until(store, service, as_of, now)
    kinds = {source.name: source.kind for source in config.sources}
    with store.read() as db:
        made = ledger(db, service, kinds, about, review_window(config.folder, service, until), now)
    return (ledger_json if form == "json" else ledger_markdown)(made).encode()


def _written(
    store: Store,
    config: Config,
    service: Service,
    review: Review,
    form: Form,
    other: datetime | None,
    now: datetime,
) -> bytes:
    from metrics.meeting.beside import beside, beside_json
    from metrics.meeting.documents import written

    if form == "ics":
        from metrics.meeting.invitation import invitation

        return invitation(review, config.notify.link)
    if other is None:
        return written(review, form)
    earlier, later = sorted((review, _kept(store, config, service, other, now)), key=lambda each: each.until)
    return (beside_json if form == "json" else beside)(earlier, later).encode()


def _kept(store: Store, config: Config, service: Service, day: datetime, now: datetime) -> Review:
    from metrics.meeting.close import held
    from metrics.meeting.prepare import review_id
    from metrics.meeting.shelf import Shelf

    name = review_id(day, service.time_zone)
    review = held(store, config, service, name, now)
    if review is None:
        shelf = Shelf(config.folder, service.name)
        days = ", ".join(sorted({*shelf.closed(), *shelf.opened()})) or "none"
        raise InputError(f"--with {name}: no review of {service.name} is kept of that day; there are {days}")
    return review


def _tell_boxes(review: Review, form: Form) -> None:
    from metrics.meeting.documents import lacks

    if form == "ics":
        return
    if missing := lacks(review, form):
        print(missing, file=sys.stderr)


def _tell_corrections(store: Store, config: Config, service: Service, review: Review) -> None:
    """What data that came later tells otherwise goes to stderr: the frozen review is printed as it is."""
    if review.closed_at is None:
        return
    from metrics.meeting.compare import corrected, correction_sentence
    from metrics.meeting.told import figure_name
    from metrics.trends.reading import watched

    with store.read() as db:
        lines = watched(db, service.name, {source.name: source.kind for source in config.sources})
    for figure, now in corrected(store, service, lines, review).items():
        print(f"{figure_name(figure)} {correction_sentence(figure, now)}", file=sys.stderr)


def _ending(output: Path | None) -> Form:
    """The format that a file's name asks for."""
    suffix = output.suffix.lower() if output else ""
    if suffix and suffix not in ENDINGS:
        raise InputError(f"-o {output}: a review is written as {', '.join(ENDINGS)}; or say --format")
    return ENDINGS.get(suffix, "md")


def _service(store: Store, config: Config, asked: str | None) -> Service:
    from metrics.trends.alerts import services_of

    found = {service.name: service for service in services_of(store, config)}
    names = ", ".join(found)
    if not found:
        raise InputError(
            f"there is no data in {config.folder.name}/ yet: fill it with `python -m metrics collect`, `import` or "
            "`demo`"
        )
    if asked is not None and asked not in found:
        raise InputError(f"--service {asked}: there is no such service with data; use one of {names}")
    # A source may bring a service that nobody described, as `host` does: that is not the one to talk about.
    meant = [service.name for service in config.services if service.name in found] or list(found)
    if asked is None and len(meant) > 1:
        raise InputError(f"--service is needed, since a review is one service's: {names}")
    return found[asked or meant[0]]


def _found(store: Store, config: Config, service: Service, as_of: datetime | None, now: datetime) -> Review:
    """The review that is kept of that day, else one as it would be prepared."""
    from metrics.meeting.close import held
    from metrics.meeting.prepare import review_id
    from metrics.meeting.shelf import Shelf

    opened = Shelf(config.folder, service.name).opened() if as_of is None else ()
    asked = review_id(as_of, service.time_zone) if as_of else "".join(opened[-1:])
    kept = held(store, config, service, asked, now) if asked else None
    if kept is not None:
        return kept
    until = _until(store, service, as_of, now)
    day = review_id(until, service.time_zone)
    if asked > day:
        raise InputError(
            f"--as-of {asked}: the data of {service.name} reaches {until:%Y-%m-%dT%H:%MZ}; name a day up to {day}, "
            "or leave --as-of out for that one"
        )
    return held(store, config, service, day, now) or _prepared(store, config, service, until, now)


def _until(store: Store, service: Service, as_of: datetime | None, now: datetime) -> datetime:
    from metrics.meeting.window import begins, newest

    with store.read() as db:
        end, first = newest(db, service, now), begins(db, service)
    until = min(as_of or end or now, end or now)
    if first is not None and until <= first:
        raise InputError(
            f"--as-of {until:%Y-%m-%dT%H:%MZ}: the data of {service.name} begins {first:%Y-%m-%dT%H:%MZ}"
        )
    return until


def _prepared(store: Store, config: Config, service: Service, until: datetime, now: datetime) -> Review:
    from metrics.cli_findings import look
    from metrics.meeting.close import with_words
    from metrics.meeting.prepare import prepare
    from metrics.meeting.window import review_window

    look(config, now)
    window = review_window(config.folder, service, until)
    return with_words(store, config, service, prepare(store, config, service, window, now), now)


def _put(output: Path | None, made: bytes) -> None:
    if output is None:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    else:
        _write(output, made)


def _write(output: Path, made: bytes) -> None:
    try:
        output.write_bytes(made)
    except OSError as error:
        raise InputError(
            f"-o {output}: {error.strerror or error}; name a file in a folder that may be written"
        ) from None
