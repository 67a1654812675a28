"""Causes: incidents and mended deployments of which nobody has confirmed what caused them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from metrics.meeting import blame
from metrics.meeting.drawn import near_to
from metrics.meeting.setting import Setting
from metrics.model import Entry, Window
from metrics.review.delivery.causes import Link, Method
from metrics.review.delivery.deployments import Deployment
from metrics.review.delivery.report import Facts, delivery, needed
from metrics.review.delivery.verdicts import subject_of, verdicts
from metrics.review.minutes import Figure, Section, Topic
from metrics.review.suspects.suspect import Suspect
from metrics.store import deliveries, entries
from metrics.ui.words import moment, quantity, t

__all__ = ["METHODS", "section"]

METHODS: Final[dict[Method, str]] = {
    "explicit": "stated by the source",
    "rollback": "rolled back",
    "revert": "reverted",
    "hotfix": "hotfixed",
    "time": "same component, shortly before",
}
OPEN = ("unreviewed", "unknown")
# More than these at once is no list that anybody answers in seven minutes; the Delivery page has them all.
SHOWN = 12
# Nobody remembers what one was about that has waited longer than that.
CARRIED = timedelta(weeks=8)
# Of images and builds nothing is needed here: what was before there was any is an empty frame of the right shape.
NEVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    setting: Setting
    links: Sequence[Link]
    deployments: Sequence[Deployment]
    environment: str
    words: dict[str, Entry]


def section(setting: Setting) -> Section:
    """Those that wait, newest first, then those of before; and those that were judged in this very review."""
    known = _known(setting)
    if known is None:
        return Section("causes", nothing=t("No deployment and no incident is known: no source brings any yet."))
    waiting = [link for link in known.links if link.state in OPEN or _is_of_this_review(known, link)]
    waiting.sort(key=lambda link: (_is_carried(known, link), link.incident is None, -_when(known, link)))
    if not waiting:
        n = sum(link.incident is not None and not _is_carried(known, link) for link in known.links)
        nothing = t("No incident in this time.") if not n else t("The cause of every incident is confirmed.")
        return Section("causes", nothing=nothing)
    asked = waiting[:SHOWN]
    looked = [blame.look(setting, link.incident) if link.incident else blame.Looked() for link in asked]
    # All at once: asking for one line's figures takes as long as for all.
    figures = setting.figures([each.line.line.address for each in looked if each.line])
    topics = (_topic(known, link, each) for link, each in zip(asked, looked, strict=True))
    drawn = tuple(_drawn(setting, topic, each, figures) for topic, each in zip(topics, looked, strict=True))
    return Section("causes", drawn, more=len(waiting) - len(asked))


def _known(setting: Setting) -> _Known | None:
    """As the Delivery page has them, of the review's window and of what may wait from before it."""
    db, name, now = setting.db, setting.service.name, max(setting.now, setting.window.end)
    if name not in deliveries.services(db):
        return None
    window = Window(setting.window.start - CARRIED, setting.window.end)
    span = needed(window)
    # What came later than it is prepared is not known by then.
    span = Window(span.start, min(span.end, now))
    words = [word for word in entries.latest(db, "cause", name) if word.at <= now]
    facts = Facts(
        deployments=deliveries.deployments(db, span, name),
        changes=deliveries.changes(db, span, name),
        incidents=deliveries.incidents(db, window, name),
        builds=deliveries.builds(db, NEVER, name),
        images=deliveries.images(db, NEVER, name),
        watched=deliveries.watched(db),
        verdicts=verdicts(words),
    )
    report = delivery(facts, [setting.service], window, now, "week")
    production = next(each for each in report.services[0].environments if each.counts)
    said = {word.subject: word for word in words}
    return _Known(setting, production.links, report.deployments, production.environment, said)


def _is_carried(known: _Known, link: Link) -> bool:
    return _when(known, link) < known.setting.window.start.timestamp()


def _is_of_this_review(known: _Known, link: Link) -> bool:
    word = known.words.get(_subject(known, link))
    return word is not None and (word.said or {}).get("review") == known.setting.review


def _subject(known: _Known, link: Link) -> str:
    _, what, id_ = subject_of(link, known.deployments)
    return f"{what}/{id_}"


def _topic(known: _Known, link: Link, looked: blame.Looked) -> Topic:
    """Its suspected deployment's id is what is suggested."""
    suspect = None if link.deployment is None else known.deployments[link.deployment]
    component = _component(known, link)
    owner = next((each.owner for each in known.setting.service.components if each.name == component), None)
    found = looked.suspects
    return Topic(
        subject=_subject(known, link),
        section="causes",
        sentence=_sentence(known, link),
        owners=(owner,) if owner else (),
        tag=_tag(link, blame.likely(link, found)),
        detail=(*_waited(known, link), *_detail(known, link, suspect), *_suspected(known, link, suspect, found)),
        started=datetime.fromtimestamp(_when(known, link), UTC),
        page="delivery",
        query={"service": known.setting.service.name},
        suggested=suspect.id if suspect else "",
        offers=tuple(blame.offers(link, _when(known, link), found, known.deployments, known.environment)),
    )


def _drawn(setting: Setting, topic: Topic, looked: blame.Looked, figures: Mapping[str, Figure]) -> Topic:
    """With the line that went with it, in the days around it; the drill-down into it is a closer look."""
    line, window = looked.line, looked.window
    figure = figures.get(line.line.address) if line else None
    if line is None or window is None or figure is None:
        return topic
    clock = ZoneInfo(setting.service.time_zone)
    since, until = (at.astimezone(clock).replace(tzinfo=None) for at in (window.start, window.end))
    told = replace(
        topic,
        detail=(blame.level(line), *topic.detail),
        figures=(figure,),
        page="spikes",
        query={
            **topic.query,
            "line": figure.address,
            "since": f"{since:%Y-%m-%dT%H:%M}",
            "until": f"{until:%Y-%m-%dT%H:%M}",
        },
    )
    return near_to(setting, told, line.line, window, "highest" if line.up.any() else "lowest")


def _tag(link: Link, likely: Suspect | None) -> str:
    """What only came shortly before is near, and no more: its source, a mending or its figures must speak for it."""
    if link.state in ("confirmed", "rejected"):
        return t("judged")
    if likely is not None:
        return t("suspected")
    if link.deployment is None:
        return t("unknown")
    return t("near in time") if link.method == "time" else t("suspected")


def _suspected(known: _Known, link: Link, suspect: Deployment | None, found: Sequence[Suspect]) -> Iterator[str]:
    """Beside the deployment, which is told anyway."""
    for each in found:
        if link.incident is not None and (suspect is None or blame.deployment_of(each) != suspect.id):
            yield blame.told(each, link.incident, known.setting.service.time_zone)


def _component(known: _Known, link: Link) -> str | None:
    if link.incident is not None:
        return link.incident.component
    place = link.deployment if link.deployment is not None else link.remedy
    return known.deployments[place].component if place is not None else None


def _when(known: _Known, link: Link) -> float:
    if link.incident is not None:
        return link.incident.started
    place = link.remedy if link.remedy is not None else link.deployment
    return known.deployments[place].finished if place is not None else 0.0


def _sentence(known: _Known, link: Link) -> str:
    """What broke and when, or what was mended."""
    at = _at(known, _when(known, link))
    incident = link.incident
    if incident is not None:
        lasted = t("not over") if incident.ended is None else quantity(incident.ended - incident.started, "s")
        whose = f"{incident.component}: " if incident.component else ""
        return t(
            "{whose}{title}, {at}, {lasted}", whose=whose, title=incident.title or incident.id, at=at, lasted=lasted
        )
    place = link.remedy if link.remedy is not None else link.deployment
    named = known.deployments[place].title if place is not None else ""
    return t("{title}, {at}: what did it mend?", title=named or _subject(known, link).partition("/")[2], at=at)


def _waited(known: _Known, link: Link) -> list[str]:
    if not _is_carried(known, link):
        return []
    return [t("It was before the time of this review, and nobody has said what caused it.")]


def _detail(known: _Known, link: Link, suspect: Deployment | None) -> list[str]:
    """How the suspicion came about, and what is known of the mending."""
    told = []
    if suspect is not None:
        told.append(
            t(
                "Deployment {id} of {at} ({version}): {how}.",
                id=suspect.id,
                at=_at(known, suspect.finished),
                version=suspect.version or suspect.title or suspect.kind,
                how=t(METHODS[link.method or "time"]),
            )
        )
    elif link.named:
        told.append(t("It names {named}, which is not known.", named=link.named))
    elif link.state == "unknown":
        told.append(t("No deployment of this component ended in the 24 hours before it."))
    if link.incident is not None and link.remedy is not None:
        mending = known.deployments[link.remedy]
        told.append(t("Mended by {id}, {at}.", id=mending.id, at=_at(known, mending.finished)))
    return told


def _at(known: _Known, seconds: float) -> str:
    return moment(datetime.fromtimestamp(seconds, UTC), known.setting.service.time_zone)
