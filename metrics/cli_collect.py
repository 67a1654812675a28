"""collect and check: pull from the configured sources, and say whether they could be pulled from."""

from __future__ import annotations

import argparse
import signal
from datetime import UTC, datetime
from types import FrameType

from metrics import config as configuration
from metrics.cli_check import check
from metrics.cli_findings import look
from metrics.cli_flags import a_duration, a_time
from metrics.cli_show import Progress
from metrics.collect.loop import Loop
from metrics.collect.run import Outcome, Request, chosen, run_sources
from metrics.config import Config
from metrics.errors import InputError, TomoniError

__all__ = ["add_verbs"]


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Collect and check, with their flags."""
    verb = verbs.add_parser(
        "collect",
        help="pull from the configured sources",
        description="Pulls from the configured sources what the store lacks, late data again. A failing source stops "
        "no other. Prints rows per source and state; exit status 2 if any failed.",
    )
    verb.add_argument("--source", nargs="+", action="extend", default=[], metavar="NAME", help="only these (all)")
    verb.add_argument("--since", type=a_time, metavar="T", help="ask from here on (where the last answers end)")
    verb.add_argument("--until", type=a_time, metavar="T", help="ask up to here (now)")
    verb.add_argument("--every", type=a_duration, metavar="D", help="again and again, as in 5m, until stopped")
    verb.set_defaults(run=_collect)
    verb = verbs.add_parser(
        "check",
        help="say whether configuration, sources and store are in order",
        description="Validates the configuration, asks each source for a sign of life, and lists components that the "
        "configuration doesn't know and imports that were cut. Exit status 2 if anything is wrong.",
    )
    verb.set_defaults(run=lambda arguments: check(arguments.data))


def _collect(arguments: argparse.Namespace) -> int:
    if arguments.every:
        return _collect_for_ever(arguments)
    request = Request(datetime.now(UTC), arguments.since, arguments.until)
    if request.since and request.since >= min(request.until or request.now, request.now):
        raise InputError(f"--since {request.since:%Y-%m-%dT%H:%MZ} is not before --until, or lies ahead")
    config = configuration.load(arguments.data)
    sources = chosen(config, arguments.source)
    outcomes = []
    for outcome in run_sources(config, sources, request, Progress()):
        print(_line(outcome), flush=True)
        outcomes.append(outcome)
    if any(outcome.rows for outcome in outcomes):
        look(config, request.now, may_send=True)
    return 2 if any(outcome.state in ("failed", "partial") for outcome in outcomes) else 0


def _collect_for_ever(arguments: argparse.Namespace) -> int:
    if arguments.since or arguments.until:
        raise InputError("--every follows the clock: leave out --since and --until")
    loop = Loop(arguments.data, lambda: datetime.now(UTC), _report, _look, arguments.source, arguments.every)

    def stop(number: int, frame: FrameType | None) -> None:
        loop.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    loop.run()
    return 0


def _look(config: Config, now: datetime) -> None:
    from metrics.trends.alerts import look

    look(config, now, may_send=True)


def _report(news: Outcome | TomoniError) -> None:
    said = str(news) if isinstance(news, TomoniError) else _line(news)
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}  {said}", flush=True)


def _line(outcome: Outcome) -> str:
    answers = ", ".join(f"{state} {n}" for state, n in sorted(outcome.answers.items()))
    said = [f"{outcome.source:<16} {outcome.state:<8} {outcome.rows:>10,} rows", answers, outcome.detail]
    return "  ".join(filter(None, said))
