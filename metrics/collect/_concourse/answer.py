"""How asking for a job's builds ended, in words that somebody can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from metrics.collect._concourse.place import Job, missing
from metrics.collect._concourse.server import RefusedError, Server
from metrics.model import CoverageState

__all__ = ["Answer", "refusal", "together"]

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Answer:
    state: CoverageState
    detail: str = ""
    retryable: bool = False


def refusal(server: Server, job: Job, refused: RefusedError) -> Answer:
    """What the refusal means, and who has to do what."""
    pipeline = job.pipeline
    place = f"pipeline {pipeline.title} of team {pipeline.team}"
    if refused.status == httpx.codes.UNAUTHORIZED:
        return Answer("forbidden", f"{place} is not public (401): set `username` and `password`, or `token`")
    if refused.status == httpx.codes.FORBIDDEN:
        wish = f"make it a viewer of team {pipeline.team} (fly set-team), or expose the pipeline"
        return Answer("forbidden", f"{server.who} may not read {place} (403): {wish}")
    if refused.status == httpx.codes.NOT_FOUND:
        return _not_found(server, job)
    if refused.retryable:
        return Answer("failed", f"the server failed to list job {job.name} of {place}: {refused}", retryable=True)
    return Answer("failed", f"the server refused to list job {job.name} of {place}: {refused}")


def _not_found(server: Server, job: Job) -> Answer:
    try:
        wrong = missing(server, job)
    except RefusedError as refused:
        place = f"job {job.name} of pipeline {job.pipeline.title}, team {job.pipeline.team}"
        return Answer("failed", f"there is no {place} (404), and what there is can't be listed: {refused}")
    # Concourse answers 404 also where its database failed it.
    fault = f"the server answered 404, though there is a job {job.name} in pipeline {job.pipeline.title}"
    return Answer("failed", wrong) if wrong else Answer("failed", fault, retryable=True)


def together(answers: Sequence[Answer]) -> Answer:
    """One answer for several jobs: as good as the worst of them, and `partial` where some are good."""
    bad = [answer for answer in answers if answer.state not in ("complete", "empty")]
    if not bad:
        return next((answer for answer in answers if answer.state == "complete"), answers[0])
    detail = "; ".join(dict.fromkeys(answer.detail for answer in bad))
    states = {answer.state for answer in bad}
    some = len(bad) < len(answers) or len(states) > 1
    state = "partial" if some else bad[0].state
    return Answer(state, _cut(detail), retryable=any(answer.retryable for answer in bad))


def _cut(detail: str) -> str:
    return detail if len(detail) <= LONGEST else f"{detail[: LONGEST - 1]}…"
