"""Which deployment brought which change to users, and how long each change took on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.delivery.deployments import Deployment, seconds, texts

__all__ = ["GAP_S", "HOW", "Carried", "Changes", "by_service", "carried", "reverted"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAP_S: Final = 60 * 86_400
"""After a longer pause nobody knows what a deployment brought: Datadog's limit, docs/metrics.md."""

HOW: Final = ("not_deployed", "named", "commit", "merge_time")
"""How a change found its deployment, by falling trust; `carried` has their numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """The changes of one service, as columns of the same length; times in seconds, NaN where unknown."""

    id: list[str | None]
    component: list[str | None]
    authored: Floats
    merged: Floats
    deployed_by: list[str | None]
    reverts: list[str | None]


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """The changes of one service on their way to one environment."""

    changes: Changes
    deployment: Ints
    """Which of the deployments brought it first; -1 for none."""
    how: Ints


def by_service(frame: pd.DataFrame) -> dict[str, Changes]:
    """The frame of store.deliveries as columns of each service."""
    services, authored, merged = frame["service"], seconds(frame["authored_at"]), seconds(frame["merged_at"])
    columns = [np.array(texts(frame[name]), dtype=object) for name in ("id", "component", "deployed_by", "reverts")]
    found = {}
    for service, rows in frame.groupby(services, sort=True).indices.items():
        ids, components, deployed_by, reverts = (column[rows].tolist() for column in columns)
        found[str(service)] = Changes(ids, components, authored[rows], merged[rows], deployed_by, reverts)
    return found


def carried(changes: Changes, deployments: Sequence[Deployment], places: Sequence[int]) -> Carried:
    """Each change with the first deployment of one environment that brought it.

    `places` are that environment's deployments among all. The change names its deployment; else a deployment is of
    its very commit; else it went with the first one of its component that started after the merge.
    """
    brought = [place for place in places if deployments[place].brings_changes]
    ids = {deployments[place].id: place for place in brought}
    commits: dict[str | None, int] = {}
    for place in brought:
        commits.setdefault(deployments[place].commit, place)
    commits.pop(None, None)
    named = np.array([ids.get(name, -1) for name in changes.deployed_by], dtype=np.int64)  # type: ignore[arg-type]
    same = np.array([commits.get(id_, -1) for id_ in changes.id], dtype=np.int64)
    timed = _by_time(changes, deployments, [place for place in brought if not deployments[place].repeats])
    how = np.select([named >= 0, same >= 0, timed >= 0], [1, 2, 3], 0)
    return Carried(changes, np.select([named >= 0, same >= 0], [named, same], timed), how)


def _by_time(changes: Changes, deployments: Sequence[Deployment], brought: Sequence[int]) -> Ints:
    """The first deployment that started when the change was merged or later, of its component.

    A deployment that names no component is of the whole service, and so is a change.
    """
    streams: dict[str | None, list[int]] = {}
    for place in brought:
        streams.setdefault(deployments[place].component, []).append(place)
    found = np.full(len(changes.id), -1, dtype=np.int64)
    components = np.array(changes.component, dtype=object)
    for component in set(changes.component):
        path = streams.get(component) or streams.get(None) or [] if component else list(brought)
        if not path:
            continue
        mine = np.flatnonzero((components == component) & ~np.isnan(changes.merged))
        starts = np.array([deployments[place].started for place in path])
        after = np.searchsorted(starts, changes.merged[mine], side="left")
        found[mine] = np.append(path, -1)[after]
    return found


def reverted(carried_by: Carried, deployments: Sequence[Deployment]) -> Mapping[int, tuple[int, bool]]:
    """For each deployment that brought a revert: (the one that it takes back, whether it brought nothing else).

    None for a revert that travelled with what it takes back: users never saw that.
    """
    changes = carried_by.changes
    takes_back = [n for n, id_ in enumerate(changes.reverts) if id_ is not None and carried_by.deployment[n] >= 0]
    if not takes_back:
        return {}
    wanted = {changes.reverts[n] for n in takes_back}
    place_of = {id_: int(carried_by.deployment[n]) for n, id_ in enumerate(changes.id) if id_ in wanted}
    by_deployment = {
        deployments[place].id: place
        for place in np.unique(carried_by.deployment).tolist()
        if place >= 0 and deployments[place].id in wanted
    }
    loads = np.bincount(carried_by.deployment[carried_by.deployment >= 0])
    back: dict[int, list[int]] = {}
    for n in takes_back:
        what = changes.reverts[n]
        target = place_of.get(what, by_deployment.get(str(what), -1))
        mending = int(carried_by.deployment[n])
        if target >= 0 and target != mending:
            back.setdefault(mending, []).append(target)
    return {mending: (max(targets), len(targets) == loads[mending]) for mending, targets in back.items()}
