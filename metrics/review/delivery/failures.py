"""Deployments that failed users: what says so, and how long it took until things were well again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from metrics.review.delivery.causes import Link
from metrics.review.delivery.deployments import Deployment

__all__ = ["Clock", "Failure", "failures"]

Clock = Literal["impact", "deployment"]
"""From the impact's start until it was over, as its incident says; else from the end of the failed deployment to
the end of the one that mended it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One deployment that failed, with everything that says so."""

    place: int
    deployment: Deployment
    links: tuple[Link, ...]
    clock: Clock
    began: float
    restored: float | None
    """None while it is unresolved."""

    @property
    def is_confirmed(self) -> bool:
        return any(link.state == "confirmed" for link in self.links)

    @property
    def is_timed(self) -> bool:
        """Whether its recovery counts: a roll-back is an intervention, whoever says so; other suspicions wait."""
        return self.is_confirmed or any(link.method == "rollback" for link in self.links)

    @property
    def recovery_s(self) -> float | None:
        return None if self.restored is None else self.restored - self.began


def failures(deployments: Sequence[Deployment], links: Iterable[Link]) -> tuple[Failure, ...]:
    """Every deployment that reached users and is blamed, in order of start: no failed pipeline run is among them."""
    blamed: dict[int, list[Link]] = {}
    for link in links:
        if link.deployment is not None and deployments[link.deployment].reached_users:
            blamed.setdefault(link.deployment, []).append(link)
    return tuple(_failure(place, deployments, tuple(blamed[place])) for place in sorted(blamed))


def _failure(place: int, deployments: Sequence[Deployment], links: tuple[Link, ...]) -> Failure:
    deployment = deployments[place]
    # What is confirmed sets the clock; suspicions only where there is nothing else.
    sure = [link for link in links if link.state == "confirmed"] or list(links)
    felt = [link.incident for link in sure if link.incident is not None]
    if felt:
        ends = [incident.ended for incident in felt if incident.ended is not None]
        restored = max(ends) if len(ends) == len(felt) else None
        return Failure(place, deployment, links, "impact", min(each.started for each in felt), restored)
    mended = [deployments[link.remedy].finished for link in sure if link.remedy is not None]
    return Failure(place, deployment, links, "deployment", deployment.finished, max(mended, default=None))
