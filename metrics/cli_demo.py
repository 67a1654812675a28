"""demo: fills an empty store with the demo service, and takes it away again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from metrics import config as configuration
from metrics.cli_demo_reviews import forget, hold
from metrics.cli_findings import look
from metrics.cli_flags import a_time, first_fault
from metrics.cli_show import Progress
from metrics.collect import Batch, demo, http
from metrics.collect.run import tidy
from metrics.errors import InputError
from metrics.model import Points
from metrics.store import Store, findings, read, write
from metrics.store.alone import only_one

__all__ = ["add_verbs"]

SOURCE = "demo"


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Demo, with its flags."""
    verb = verbs.add_parser(
        "demo",
        help="fill an empty store with the demo service",
        description="Fills an empty store with the demo service, the same for the same seed and end; an earlier demo "
        "is replaced. Refuses to touch a store that holds other data and no demo yet. What is planted is written to "
        "demo_answers.json beside the store.",
    )
    verb.add_argument("--weeks", type=int, default=26, help="how much of the past to make (26)")
    verb.add_argument("--until", type=a_time, metavar="ISO", help="when the data ends (now)")
    verb.add_argument("--seed", type=int, default=7, help="which variant of the stories (7)")
    verb.add_argument("--remove", action="store_true", help="take all of the demo away instead")
    verb.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.data
    store = Store(folder / "tomoni.duckdb")
    if arguments.remove and not store.exists():
        raise InputError(f"there is no tomoni.duckdb in {folder}/, so there is no demo to remove; --data names it")
    with only_one(folder / ".locks" / f"{SOURCE}.lock") as mine:
        if not mine:
            raise InputError(f"another process is filling {folder}/ with the demo; wait until it is done")
        print(_take_away(folder, store) if arguments.remove else _renew(folder, store, arguments), flush=True)
    tidy(folder)
    if not arguments.remove:
        look(configuration.load(folder), datetime.now(UTC))
        _say(folder, store, _settings(arguments))
    return 0


def _renew(folder: Path, store: Store, arguments: argparse.Namespace) -> str:
    _refuse_other_data(store)
    settings = _settings(arguments)
    if store.exists():
        _forget(folder, store)
    rows, whole = _fill(folder, store, settings), demo.window(settings)
    return f"{rows:,} rows of the demo service `{demo.SERVICE}`, {whole.start:%Y-%m-%d} to {whole.end:%Y-%m-%d}"


def _say(folder: Path, store: Store, settings: demo.Settings) -> None:
    """What its teams said, once the trend alerts have looked: reviews talk about what these saw."""
    config = configuration.load(folder)
    service = next(each for each in config.services if each.name == demo.SERVICE)
    progress = Progress("reviews")
    if n := hold(store, config, service, demo.world(settings), partial(progress, "demo")):
        print(f"{n} closed review{'s' if n > 1 else ''} of it in {folder}/reviews/, with what its teams decided")


def _settings(arguments: argparse.Namespace) -> demo.Settings:
    try:
        return demo.Settings(
            until=arguments.until or datetime.now(UTC), weeks=arguments.weeks, seed=arguments.seed
        )  # fmt: skip
    except ValidationError as error:
        raise InputError(first_fault(error)) from error


def _refuse_other_data(store: Store) -> None:
    if not store.exists():
        return
    with store.read() as db:
        sources = {*read.series(db)["source"], *read.runs(db, limit=10_000)["source"]}
    if sources and SOURCE not in sources:  # an earlier demo may be renewed: it touches nobody else's rows
        raise InputError(
            f"{store.path} holds data of {', '.join(sorted(sources))}, which the demo must not be mixed with: "
            "give it a folder of its own, as in `python -m metrics --data demo-data demo`"
        )


def _fill(folder: Path, store: Store, settings: demo.Settings) -> int:
    """The service's file first: a page that opens in between already knows the components."""
    whole = demo.window(settings)
    service = folder / "services" / f"{demo.SERVICE}.yaml"
    if not service.exists():
        service.parent.mkdir(parents=True, exist_ok=True)
        service.write_text(demo.service_file(), encoding="utf-8")
    run_id = write.begin_run(store, "demo", SOURCE)
    with http.client() as client:
        rows = write.batches(store, run_id, _counted(demo.collect(settings, whole, client)))
    answers = json.dumps(demo.answers(settings, whole), ensure_ascii=False, indent=1)
    _answers(folder).write_text(answers + "\n", encoding="utf-8")
    write.end_run(store, run_id, "done")
    return rows


def _counted(stream: Iterator[Batch]) -> Iterator[Batch]:
    progress, made = Progress("samples"), 0
    for batch in stream:
        made += len(batch.ts) if isinstance(batch, Points) else 0
        progress("demo", made, 0)
        yield batch
    progress("demo", made, made)


def _take_away(folder: Path, store: Store) -> str:
    """What others brought stays, and so does a service file that somebody has edited."""
    _forget(folder, store)
    _answers(folder).unlink(missing_ok=True)
    service = folder / "services" / f"{demo.SERVICE}.yaml"
    if service.exists() and service.read_text(encoding="utf-8") == demo.service_file():
        service.unlink()
    return "the demo is gone"


def _forget(folder: Path, store: Store) -> None:
    """Its rows, what was seen in them, and what its teams said of it."""
    write.forget_source(store, SOURCE)
    findings.forget(store, demo.SERVICE)
    forget(store, folder, demo.SERVICE)


def _answers(folder: Path) -> Path:
    return folder / "demo_answers.json"
