"""What to ask CloudWatch for: each target looked up in the account, with its limits, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from metrics.collect import Sign
from metrics.collect._cloudwatch import mail, queries
from metrics.collect._cloudwatch.found import Database, Fault, Found, Limits, NoSuchThingError, refused
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.session import Account
from metrics.collect._cloudwatch.systems import alb, ec2, eks, elasticache, functions, rds, s3, ses
from metrics.collect._cloudwatch.target import Target
from metrics.model import Coverage, Points, Snapshot, Window

__all__ = ["ACTIONS", "Inventory", "wanted"]

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "EC2": ec2.ACTIONS,
    "EKS": eks.ACTIONS,
    "RDS": rds.ACTIONS,
    "ElastiCache": elasticache.ACTIONS,
    "SES": ses.ACTIONS,
    "Lambda": functions.ACTIONS,
    "S3": s3.ACTIONS,
    "ALB": alb.ACTIONS,
}
"""The IAM actions that each system's inventory needs, beside cloudwatch:GetMetricData."""

_Find = Callable[[Reader, Target], Found]

_SYSTEMS: Final[Mapping[str, tuple[_Find, tuple[str, ...]]]] = {
    "rds_cluster": (rds.found, rds.INDICATORS),
    "rds_instance": (rds.found, rds.INDICATORS),
    "ec2_instances": (ec2.found, ec2.INDICATORS),
    "ec2_tag": (ec2.found, ec2.INDICATORS),
    "auto_scaling_group": (ec2.found, ec2.INDICATORS),
    "eks_cluster": (eks.found, eks.INDICATORS),
    "cache_cluster": (elasticache.found, elasticache.INDICATORS),
    "replication_group": (elasticache.found, elasticache.INDICATORS),
    "ses": (ses.found, ses.INDICATORS),
    "function": (functions.found, functions.INDICATORS),
    "lambda_functions": (functions.found, functions.INDICATORS),
    "bucket": (s3.found, s3.INDICATORS),
    "buckets": (s3.found, s3.INDICATORS),
    "load_balancer": (alb.found, alb.INDICATORS),
}


# What somebody has to mend.
_AMISS: Final = ("partial", "failed", "forbidden")
# Who a figure belongs to: service, component, part, indicator.
_Key = tuple[str, str, str | None, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the targets turned out to be at one moment."""

    at: datetime
    metrics: tuple[Metric, ...]
    """Each (service, component, part, indicator) once."""
    snapshots: tuple[Snapshot, ...]
    faults: tuple[Fault, ...]
    databases: tuple[Database, ...]
    mails: tuple[Target, ...]
    """The components that are the account's mail."""
    found: tuple[Sign, ...]

    def faults_as_coverage(self, window: Window) -> Iterator[Coverage]:
        """The answer for whatever can't be asked for."""
        for fault in self.faults:
            yield from fault.coverage(window)

    def beside(self, account: Account, window: Window) -> Iterator[Points | Coverage]:
        """What does not come through GetMetricData: the statistics of mail, and the load of queries."""
        for target in self.mails:
            yield from mail.collect(account, target, window, self.at)
        yield from queries.collect(account, self.databases, window, self.at)

    def signs(self) -> Iterator[Sign]:
        """For `check`: what each target turned out to be, and all that is wrong with it."""
        yield from self.found

    def tried(self, account: Account) -> Iterator[Sign]:
        """For `check`: what is wrong with what stands beside GetMetricData, by asking for the last hour of it."""
        answers = self.beside(account, Window(self.at - timedelta(hours=1), self.at))
        refusals = [each for each in answers if isinstance(each, Coverage) and each.state in _AMISS]
        yield from dict.fromkeys(Sign("wrong", each.detail, each.component) for each in refusals)


def wanted(account: Account, targets: Iterable[Target], at: datetime) -> Inventory:
    """Looks all targets up. One that is not there, or may not be described, leaves faults and stops no other.

    Raises SourceError where AWS can't be reached or does not let anybody in.
    """
    reader = Reader(account)
    gathered = _Gathered(at)
    for target in targets:
        find, indicators = _SYSTEMS[target.kind]
        try:
            gathered.take(target, find(reader, target))
        except NoSuchThingError as error:
            gathered.lack(target, Fault(target.service, target.component, None, indicators, "failed", str(error)))
        except RefusedError as error:
            gathered.lack(target, refused(error, target, None, indicators))
        if target.ses is True:
            gathered.mails.append(target)
    return gathered.inventory()


class _Gathered:
    """An inventory in the making: every figure asked for once, every limit of a component in one snapshot."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._metrics: dict[_Key, Metric] = {}
        self._faults: dict[_Key, Fault] = {}
        self._limits: dict[tuple[str, str, str], dict[str, str | float | int | bool | None]] = {}
        self._databases: list[Database] = []
        self.mails: list[Target] = []
        self._signs: list[Sign] = []

    def take(self, target: Target, found: Found) -> None:
        """What one target brings."""
        self._say("fine", f"{target.kind}: {found.said}", target)
        twice: dict[str, None] = {}
        for metric in found.metrics:
            key = (metric.service, metric.component, metric.part, metric.indicator)
            if self._metrics.setdefault(key, metric) != metric:
                twice[metric.indicator] = None
        if twice:
            self._say("wrong", _told_twice(target, list(twice)), target)
        for fault in found.faults:
            self.lack(target, fault)
        self._keep(target, "limits", found.limits)
        self._keep(target, "quota", found.quota)
        self._databases += found.databases
        for note in found.notes:
            self._say("note", note, target)
        for error in found.lacking:
            self._say("wrong", str(error), target)

    def lack(self, target: Target, fault: Fault) -> None:
        """What one target can't bring."""
        for name in fault.indicators:
            self._faults.setdefault((fault.service, fault.component, fault.part, name), fault)
        self._say("note" if fault.state == "empty" else "wrong", fault.detail, target)

    def inventory(self) -> Inventory:
        """All of it. What one target brings, another one's fault does not take back."""
        return Inventory(
            at=self._at,
            metrics=tuple(self._metrics.values()),
            snapshots=tuple(self._snapshots()),
            faults=tuple(_split({key: each for key, each in self._faults.items() if key not in self._metrics})),
            databases=tuple(dict.fromkeys(self._databases)),
            mails=tuple(dict.fromkeys(self.mails)),
            found=tuple(dict.fromkeys(self._signs)),
        )

    def _say(self, state: Literal["fine", "note", "wrong"], said: str, target: Target) -> None:
        self._signs.append(Sign(state, said, target.component))

    def _keep(self, target: Target, kind: str, values: Limits) -> None:
        if values:
            self._limits.setdefault((target.service, target.component, kind), {}).update(values)

    def _snapshots(self) -> Iterator[Snapshot]:
        # A limit is looked at often and changes seldom: one snapshot an hour.
        hour = self._at.replace(minute=0, second=0, microsecond=0)
        for (service, component, kind), values in self._limits.items():
            yield Snapshot(service, component, kind, hour, "cloudwatch", values)


def _told_twice(target: Target, indicators: list[str]) -> str:
    return (
        f"another entry of {target.component} brings {', '.join(indicators[:3])} already, so {target.kind} "
        f"{', '.join(target.names)} is not asked for it: make it a component of its own"
    )


def _split(faults: Mapping[_Key, Fault]) -> Iterator[Fault]:
    """Each fault with just the indicators that it is to answer for."""
    kept: dict[Fault, list[str]] = {}
    for (*_, name), fault in faults.items():
        kept.setdefault(fault, []).append(name)
    for fault, names in kept.items():
        yield Fault(
            fault.service, fault.component, fault.part, tuple(names), fault.state, fault.detail, fault.retryable
        )  # fmt: skip
