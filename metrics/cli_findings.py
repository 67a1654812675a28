"""findings: what the trend alerts see, and a message about it to where a team reads."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metrics import config as configuration
from metrics.cli_flags import a_time
from metrics.cli_show import Progress, table
from metrics.config import Config
from metrics.errors import InputError
from metrics.model import Finding, Service

if TYPE_CHECKING:
    from metrics.review.items import Item
    from metrics.store import Store
    from metrics.trends.agenda import Agenda

__all__ = ["add_verbs", "look"]

CSV = (
    *("item", "place", "news", "owners", "score", "severity", "id", "component", "part", "indicator", "kind"),
    *("since", "until", "before", "after", "size", "unit", "certainty", "first_seen", "sentence"),
)


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Findings, with its flags."""
    verb = verbs.add_parser(
        "findings",
        help="what changed since the last review",
        description="Looks at whatever was collected since the last look, and prints what the trend alerts see: one "
        "trouble is one item, what matters most first, at most seven before the fold. docs/detection.md says how.",
    )
    verb.add_argument("--service", metavar="S", help="only this one (all)")
    verb.add_argument("--since", type=a_time, metavar="T", help="the last review: what was known then is not new")
    verb.add_argument("--until", type=a_time, metavar="T", help="as it was seen then (now)")
    verb.add_argument("--format", choices=("table", "json", "csv"), default="table", help="table; json holds all")
    verb.add_argument("--notify", action="store_true", help="send the digest to the addresses of tomoni.yaml instead")
    verb.add_argument("--dry-run", action="store_true", help="with --notify: print what would be sent")
    verb.set_defaults(run=_findings)


def look(config: Config, now: datetime, *, may_send: bool = False) -> None:
    """A pass over what is new, with its progress."""
    from metrics.trends.alerts import look

    progress = Progress("lines")
    units = {"findings": "passes"}
    look(config, now, lambda name, done, total: progress(name, done, total, units.get(name, "")), may_send=may_send)


def _findings(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    until = min(arguments.until or now, now)
    if arguments.dry_run and not arguments.notify:
        raise InputError("--dry-run rehearses a message: say --notify as well")
    if arguments.since and arguments.since >= until:
        raise InputError(f"--since {arguments.since:%Y-%m-%dT%H:%MZ} is not before --until, or lies ahead")
    config = configuration.load(arguments.data)
    from metrics.store import Store

    store = Store(config.folder / "tomoni.duckdb")
    look(config, now)
    services = _services(store, config, arguments.service)
    from metrics.trends.alerts import agenda_now

    told = [(service, agenda_now(store, config, service, until, arguments.since)) for service in services]
    if arguments.notify:
        return _notify(store, config, told, now, is_rehearsal=arguments.dry_run)
    print({"table": _table, "json": _json, "csv": _csv}[arguments.format](told))
    return 0


def _services(store: Store, config: Config, asked: str | None) -> list[Service]:
    from metrics.trends.alerts import services_of

    found = services_of(store, config)
    if not found:
        raise InputError(
            f"there is no data in {config.folder.name}/ yet: fill it with `python -m metrics collect`, `import` or "
            "`demo`"
        )
    if asked and asked not in {each.name for each in found}:
        names = ", ".join(each.name for each in found)
        raise InputError(f"--service {asked}: there is no such service with data; use one of {names}")
    return [each for each in found if asked in (None, each.name)]


def _notify(store: Store, config: Config, told: Told, now: datetime, *, is_rehearsal: bool) -> int:
    """The digest now, whatever the day; a rehearsal prints it and sends nothing."""
    from metrics.trends.notify import digest_now

    if not config.notify.addresses and not is_rehearsal:
        raise InputError(
            f"--notify: nobody is told, since {config.folder.name}/tomoni.yaml has no `notify: to:`; add an address "
            "there, or print what would be sent with --dry-run"
        )
    for service, found in told:
        for message in digest_now(store, config, service, found, now, is_rehearsal=is_rehearsal):
            print(f"{message.title}\n{message.body}\n")
    return 0


Told = Sequence[tuple[Service, "Agenda"]]


def _table(told: Told) -> str:
    return "\n\n".join(_one(service, found) for service, found in told)


def _one(service: Service, found: Agenda) -> str:
    if found.as_of is None:
        return f"{service.title}: nothing was looked at yet; two weeks of data are needed"
    title = f"{service.title}, as seen {found.as_of:%Y-%m-%d %H:%MZ}"
    if not found.items:
        return f"{title}: a quiet week, nothing moved that is worth a look"
    rows = [_row(number, item, service) for number, item in enumerate(found.items, 1)]
    fold = f"\n{len(found.rest)} more below the fold; --format json has them" if found.rest else ""
    return f"{title}\n{table(('', 'NEWS', 'OWNERS', 'WHAT'), rows)}{fold}"


def _row(number: int, item: Item, service: Service) -> tuple[str, ...]:
    from metrics.ui.finding_words import NEWS

    return str(number), NEWS[item.news], ", ".join(item.owners) or "–", _sentence(item, service)


def _sentence(item: Item, service: Service) -> str:
    from metrics import catalog
    from metrics.ui.finding_words import item_sentence

    return item_sentence(item, catalog.load().indicators, service.time_zone)


def _json(told: Told) -> str:
    services = [
        {
            "service": service.name,
            "as_of": found.as_of.isoformat() if found.as_of else None,
            "items": [_plain(item, service) for item in found.items],
            "rest": [_plain(item, service) for item in found.rest],
        }
        for service, found in told
    ]
    return json.dumps({"services": services}, ensure_ascii=False, indent=1)


def _plain(item: Item, service: Service) -> dict[str, object]:
    return {
        "id": item.id,
        "sentence": _sentence(item, service),
        "news": item.news,
        "owners": list(item.owners),
        "score": round(item.score, 4),
        "why": {name: round(value, 4) for name, value in item.parts.items()},
        "since": item.since.isoformat(),
        "until": item.until.isoformat() if item.until else None,
        "findings": [_fields(finding) for finding in item.findings],
    }


def _fields(f: Finding) -> dict[str, object]:
    times = {name: at.isoformat() if at else None for name, at in (("since", f.since), ("until", f.until))}
    seen = {"first_seen": f.first_seen.isoformat(), "last_seen": f.last_seen.isoformat()}
    jumps = [[each.start.isoformat(), each.end.isoformat()] for each in f.episodes]
    return {
        "id": f.id, "component": f.component, "part": f.part, "indicator": f.indicator, "kind": f.kind, **times,
        "before": f.before, "after": f.after, "size": f.size, "unit": f.unit, "certainty": f.certainty,
        "is_worse": f.is_worse, **seen, "jumps": jumps, "evidence": dict(f.evidence),
    }  # fmt: skip


def _csv(told: Told) -> str:
    from metrics import catalog
    from metrics.review.ranking import severity
    from metrics.ui.finding_words import sentence

    out = io.StringIO()
    writer = csv.DictWriter(out, CSV, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for service, found in told:
        for place, item in enumerate(found.every, 1):
            whole = {
                "item": item.id, "place": place, "news": item.news, "owners": " ".join(item.owners),
                "score": round(item.score, 4), "severity": severity(item.score),
            }  # fmt: skip
            for finding in item.findings:
                said = sentence(finding, catalog.load().indicators, service.time_zone)
                writer.writerow(whole | _fields(finding) | {"sentence": said})
    return out.getvalue().rstrip("\n")
