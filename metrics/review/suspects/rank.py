"""Every suspect of a trouble, ranked, and those that were looked at and refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from metrics.review.suspects.access import access
from metrics.review.suspects.batch_run import batch_runs
from metrics.review.suspects.demand import breadth, demand
from metrics.review.suspects.deployment import deployments
from metrics.review.suspects.infra import infra
from metrics.review.suspects.quota import quota
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.stated import Statement, statements
from metrics.review.suspects.suspect import Reason, Suspect, Suspicion

__all__ = ["suspicion"]

# Below this nobody is accused.
ENOUGH = 0.25
# So much of what is left to certainty goes when somebody wrote that cause down, and so much stays when another.
SAID, SAID_OTHER = 0.7, 0.6
# Where all of the use grew, one endpoint's growth is no news.
EVERYBODY = 0.8
# Where the line does what it does at that time of every day, there is little to explain.
NOTHING_UNUSUAL = 0.5
MOST = 7


def suspicion(scene: Scene) -> Suspicion:
    """The likeliest first. Whoever has little against them is not accused: unknown is an answer."""
    said = list(statements(scene))
    found = sorted((_judged(each, scene, said) for each in _every(scene)), key=lambda each: (-each.score, each.title))
    accused = tuple(each for each in found if not each.is_ruled_out and each.score >= ENOUGH)
    weak = [each if each.is_ruled_out else _weak(each) for each in found if each not in accused[:MOST]]
    return Suspicion(accused[:MOST], tuple(weak))


def _every(scene: Scene) -> Iterator[Suspect]:
    share, _ = breadth(scene)
    if scene.could_be_use:
        yield from (replace(each, score=each.score * (1 - EVERYBODY * share)) for each in access(scene))
        yield from demand(scene)
    yield from batch_runs(scene)
    yield from deployments(scene)
    yield from infra(scene)
    yield from quota(scene)


def _judged(each: Suspect, scene: Scene, said: list[Statement]) -> Suspect:
    """After what people wrote; infra and quota have it among their signs, a deployment is named by its id."""
    if scene.is_usual and each.kind != "batch_run":
        each = replace(each, score=each.score * NOTHING_UNUSUAL)
    written = [one for one in said if one.is_written and one.kind is not None]
    if each.is_ruled_out or not written:
        return each
    windows = {window.start for one in written for window in one.met}
    share = len(windows) / len(scene.windows)
    if all(one.kind != each.kind for one in written):
        one = written[0]
        against = Reason("incident_says_other", {"title": one.event.title, "cause": one.kind})
        return replace(each, score=each.score * (1 - (1 - SAID_OTHER) * share), against=(*each.against, against))
    if each.kind in ("infra", "quota"):
        return each
    one = next(one for one in written if one.kind == each.kind)
    reason = Reason("incident_says", {"title": one.event.title, "at": one.event.started_at})
    if one.deployment is not None and not any(r.code == "incident_names" for r in each.reasons):
        return each
    return replace(
        each, score=each.score + (1 - each.score) * SAID * share * each.score, reasons=(*each.reasons, reason)
    )


def _weak(each: Suspect) -> Suspect:
    against = each.against or (Reason("weak", {"score": each.score}),)
    return replace(each, is_ruled_out=True, against=against)
