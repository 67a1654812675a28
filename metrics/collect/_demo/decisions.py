"""What the demo's two teams said: actions, rules and answers that follow from the plan, by roles and not by people.

Stories 2, 3, 4, 5 and 8 end in them. Whatever a demo is too short for is not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from metrics.collect._demo.calendar import local_day
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.troubles import OUTAGE
from metrics.collect._demo.world import World

__all__ = [
    "ANSWERS",
    "AUTHORS",
    "CAUSES",
    "DEV",
    "INFRA",
    "Reply",
    "RuleWord",
    "Work",
    "review_ends",
    "rules",
    "works",
]

DEV: Final = "dev lead (demo)"
INFRA: Final = "infra lead (demo)"
AUTHORS: Final = (DEV, INFRA)
WEEK: Final = timedelta(weeks=1)
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
IN_REVIEW: Final = timedelta(minutes=50)
"""From the end of the time that a review looks at to when it writes its actions down."""
FORTNIGHTS: Final = (8, 6, 4, 2)
CHECK_AFTER: Final = timedelta(weeks=4)

CPU = "system.cpu.utilization"
DISK = "system.filesystem.utilization"
P95 = "http.server.request.duration.p95"
DEPLOY = "deploy.duration"
Line = tuple[str, str | None, str]
"""Component, part and indicator."""
Kind = Literal["prevention", "detection", "repair"]


@dataclass(frozen=True)
class Work:
    """An action as it was written down. What it comes from is `why`, else the trend of `line`, else an incident."""

    what: str
    kind: Kind
    by: str
    decided: datetime
    why: str = ""
    why_sentence: str = ""
    line: Line | None = None
    """Whose trend it is about, where one was seen by then."""
    incident: str | None = None
    """The title of the incident that was the reason: the last one of it by then."""
    indicator: Line | None = None
    """By which it is judged."""
    target: float | None = None
    axis: Literal["X", "Y", "Z"] | None = None
    started: datetime | None = None
    done: datetime | None = None
    check: date | None = None
    judged: datetime | None = None
    verdict: str = ""
    because: str = ""
    computed: str = ""
    """What the product says of its line at that time, where it is judged by one."""

    @property
    def due(self) -> date:
        return self.check or local_day((self.started or self.decided) + CHECK_AFTER)


@dataclass(frozen=True)
class RuleWord:
    """What to do about an alert rule, decided in the review that looks up to `at`."""

    subject: str
    branch: Literal["remove", "reduce", "automate", "watch", "keep"]
    because: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Reply:
    """What a review says of a topic whose subject or line begins so."""

    outcome: Literal["explained", "investigate", "ignored"]
    because: str
    owner: str = ""


ANSWERS: Final[Mapping[str, Reply]] = {
    "eks/ip-10-0": Reply("investigate", "who fills this disk, and since which change?", "infra"),
    "pipeline/": Reply("investigate", "the image build holds the release night: can it be done before?", "dev"),
    "aurora-main/writer/db.client": Reply(
        "investigate", "grows with use: which countermeasure comes in time?", "infra"
    ),
    "resume-parser/": Reply("explained", "demand: more applicants send a résumé"),
    "search/system.memory": Reply("explained", "the index is kept in memory: below its threshold, and steady"),
    "web/http.server.error_rate": Reply("explained", "deployment: mended, and reviewed on Delivery"),
    "jobs/": Reply("explained", "demand: use grows as planned"),
    "nightly/": Reply("explained", "demand: more rows to match each night"),
    "hole/search/": Reply("investigate", "keep a slow log and collect it", "dev"),
    "hole/cache/": Reply("investigate", "ask for the permission, and add the second node", "infra"),
    "hole/api/": Reply("ignored", "partners get a log of their own next quarter"),
}
"""By how the topic's subject or its line begins, the first that fits."""

CAUSES: Final[Mapping[str, str]] = {
    "eks": "infrastructure",
    "cache": "infrastructure",
    "aurora-main": "other",
    "mail": "quota",
    "api": "traffic",
}
"""What it was, where an incident of this component had no deployment near it."""


def review_ends(plan: Plan) -> tuple[tuple[datetime, datetime], ...]:
    """From when to when each closed review looks, oldest first; the fortnight up to the end is left to be held.

    A demo of less than six weeks has one review, a week before its end: before that the trend alerts saw nothing yet.
    """
    start, end = plan.grid.start, plan.grid.end
    if end - 6 * WEEK < start:
        since = max(start, end - 3 * WEEK)
        return ((since, end - WEEK),) if since < end - WEEK else ()
    return tuple(
        (end - (weeks + 2) * WEEK, end - weeks * WEEK) for weeks in FORTNIGHTS if end - (weeks + 2) * WEEK >= start
    )


def rules(plan: Plan) -> Iterator[RuleWord]:
    """Story 3: of the alerts nobody needs, one is to go and one to be told less."""
    at = plan.grid.end - 6 * WEEK
    yield RuleWord(
        "aurora-main/aurora-cpu-high", "remove", "fires each night while matching runs, and nobody acts", INFRA, at
    )
    yield RuleWord("web/error-log", "reduce", "always looked at, nine of ten times for nothing", DEV, at)


def works(world: World) -> tuple[Work, ...]:
    """Every action, by when it was decided; those of which nothing could be known yet are left out."""
    plan = world.plan
    found = [*_holes(plan), *_outage(plan), *_build(plan), *_disk(plan), *_limits(plan), *_months(world)]
    first = plan.grid.start + DAY
    return tuple(sorted((each for each in found if each.decided >= first), key=lambda each: each.decided))


def _holes(plan: Plan) -> Iterator[Work]:
    """Story 2: what was not collected at all."""
    for what, by, line, since in (
        ("Collect the response times of web", DEV, ("web", None, P95), plan.latency_from["web"]),
        ("Collect how much mail is sent", INFRA, ("mail", None, "mail.sent"), plan.mail_from),
        ("Collect how long the nightly jobs take", DEV, ("nightly", None, "batch.duration"), plan.batch_from),
        ("Keep a slow log of search and collect it", DEV, ("search", None, P95), plan.latency_from["search"]),
    ):
        component, _, indicator = line
        yield Work(
            what, "detection", by, _before(plan, since), f"hole/{component}/{indicator}",
            f"{component}: {indicator} was never collected",
            indicator=line, started=since, done=since, check=local_day(since + 2 * WEEK),
            judged=_judged(plan, since + 2 * WEEK), verdict="improved",
            because=f"the hole is closed: collected since {local_day(since):%-d %B}",
        )  # fmt: skip


def _before(plan: Plan, since: datetime) -> datetime:
    """When it was decided to collect something: in the first review, which tells all holes, else two weeks before."""
    held = [end + timedelta(minutes=40) for _, end in review_ends(plan) if end + DAY < since]
    return held[0] if held else since - 2 * WEEK


def _outage(plan: Plan) -> Iterator[Work]:
    """Story 3: the outage could be seen as a trend three weeks before it."""
    writer: Line = ("aurora-main", "writer", CPU)
    mended = plan.outage.end
    yield Work(
        "Add the index that the applicants query had lost its plan without", "repair", INFRA,
        mended + timedelta(hours=2), incident=OUTAGE, indicator=writer,
        started=mended, done=mended, check=local_day(mended + 2 * WEEK),
        judged=_judged(plan, mended + 16 * DAY), verdict="improved",
        because="the writer's daytime CPU fell back by about 20 points", computed="improved",
    )  # fmt: skip
    yield Work(
        "Watch the daytime CPU of the database as a trend, in place of the nightly alert", "detection", INFRA,
        mended + timedelta(hours=3), "rule/aurora-main/aurora-cpu-high",
        "aurora-cpu-high fires each night and told nothing of the outage; three weeks of rising daytime CPU did",
        indicator=writer, started=mended + 3 * DAY, done=mended + 3 * DAY, check=local_day(mended + 31 * DAY),
    )  # fmt: skip


def _build(plan: Plan) -> Iterator[Work]:
    """Story 4: started too lately to be judged."""
    yield Work(
        "Build the image the day before the release night", "prevention", DEV, plan.grid.end - 2 * WEEK + IN_REVIEW,
        line=("pipeline", "release night", DEPLOY),
        why_sentence="the release night holds until 05:00, for it builds for an hour first",
        indicator=("pipeline", "release night", DEPLOY), target=90 * 60.0, started=plan.build_ahead_from,
    )  # fmt: skip


def _disk(plan: Plan) -> Iterator[Work]:
    """Story 5: what was done first was not the cause, as two weeks show."""
    end = plan.grid.end
    disk: Line = ("eks", plan.disk_node, DISK)
    sentence = f"the disk of {plan.disk_node} fills by 1.2 to 1.7 points a day"
    cleaned = end - 2 * WEEK - timedelta(hours=3)
    yield Work(
        "Clean old images off the node", "repair", INFRA, end - 2 * WEEK + IN_REVIEW, line=disk,
        why_sentence=sentence, indicator=disk, target=70.0, started=cleaned, done=cleaned,
        check=local_day(end - HOUR), judged=end - HOUR, verdict="no visible effect",
        because="it fills as fast as before: old images were not what filled it", computed="no visible effect",
    )  # fmt: skip
    yield Work(
        "Keep the history of three finished jobs instead of all", "prevention", INFRA, end - HOUR / 2,
        line=disk, why_sentence=sentence, indicator=disk, target=70.0,
    )  # fmt: skip


def _limits(plan: Plan) -> Iterator[Work]:
    """Story 1: what takes three weeks is begun in time."""
    yield Work(
        "Put a pooler before the database", "prevention", INFRA, plan.grid.end - 2 * WEEK + IN_REVIEW,
        line=("aurora-main", "writer", "db.client.connection.utilization"),
        why_sentence="the database's connections grow towards their limit",
        indicator=("aurora-main", "writer", "db.client.connection.utilization"), target=60.0, axis="X",
    )  # fmt: skip


def _months(world: World) -> Iterator[Work]:
    """Story 8: what goes wrong is mended at first, and prevented once it came again."""
    counted: dict[str, int] = {}
    for trouble in world.troubles:
        if trouble.severity is None or trouble.kind not in _AFTER:
            continue
        turn = counted.get(trouble.kind, 0)
        counted[trouble.kind] = turn + 1
        if turn >= len(_AFTER[trouble.kind]):
            continue
        kind, what, verdict, because = _AFTER[trouble.kind][turn]
        decided = (trouble.window.end + DAY).replace(second=0, microsecond=0)
        by = INFRA if trouble.component in ("eks", "cache", "mail") else DEV
        yield Work(
            what.format(component=trouble.component), kind, by, decided, incident=trouble.title,
            started=decided + 2 * DAY, done=decided + 4 * DAY, judged=decided + 2 * DAY + CHECK_AFTER,
            verdict=verdict, because=because,
        )  # fmt: skip


_AFTER: Final[Mapping[str, tuple[tuple[Kind, str, str, str], ...]]] = {
    "broken": (
        ("repair", "Roll {component} back by hand, and write down how", "improved",
         "the next roll-back took minutes"),
        ("repair", "Mend by hand what the roll-out of {component} broke", "no visible effect",
         "the next roll-out broke something else"),
        ("repair", "Raise the timeout of {component}", "no visible effect", "it only failed later"),
        ("repair", "Put the rows of {component} right by hand", "improved", "no customer asked again"),
        ("detection", "Look at errors in the ten minutes after each roll-out", "improved",
         "the next was seen at once"),
        ("repair", "Start the pods of {component} again", "no visible effect", "they had to be started again"),
        ("detection", "Count errors of each version on its own", "improved", "the version is named at once"),
        ("prevention", "Test the roll-back of {component} in each release", "improved", "two went back in minutes"),
        ("prevention", "Refuse releases without a rehearsed way back", "improved", "three were refused"),
        ("prevention", "Roll {component} out to one pod first", "no visible effect", "one pod meets too few users"),
        ("detection", "Compare a new version with the old one for ten minutes", "improved",
         "it stopped one roll-out"),
    ),
    "node_lost": (
        ("repair", "Move the pods of the lost node by hand", "no visible effect", "it was done by hand again"),
        ("prevention", "Spread the pods over all nodes", "improved", "a drill on a test node was not felt"),
    ),
    "failover": (
        ("repair", "Warm the cache by hand after a fail-over", "confounded",
         "the hit ratio is not collected: nobody can tell what did it"),
        ("prevention", "Fail the cache over once a month on purpose", "improved", "the last two were not felt"),
    ),
    "mail_slow": (
        ("repair", "Send the mail that was held back once more", "improved", "all of it went out within a day"),
        ("prevention", "Ask the provider for a higher send rate", "improved", "granted, and not reached since"),
    ),
    "retry_storm": (
        ("repair", "Block the partner that retries without pause", "confounded",
         "the partner changed its client in the same week"),
        ("prevention", "Limit how often each partner may ask", "improved", "two partners met the limit, nobody else"),
    ),
}  # fmt: skip
"""What was done after the first, the second … incident of a kind, and what came of it as the teams judged it."""


def _judged(plan: Plan, earliest: datetime) -> datetime:
    """In the first review that looks so far, else then."""
    held = (end + timedelta(minutes=35) for _, end in review_ends(plan) if end >= earliest)
    return next(held, earliest)
