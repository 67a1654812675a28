"""What `check` finds out about a Concourse: version, login, and each name that the services' files use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from metrics.collect import Sign
from metrics.collect._concourse.answer import refusal
from metrics.collect._concourse.server import RefusedError, Server
from metrics.collect._concourse.work import Work
from metrics.errors import SourceError
from metrics.faults import nearest

__all__ = ["signs"]


def signs(server: Server, works: Sequence[Work]) -> Iterator[Sign]:
    """One line for each thing that is wrong. Raises SourceError where there is no Concourse to ask."""
    version = _version(server)
    try:
        user = _user(server)
        found = list(_about_works(server, works))
    except SourceError as error:
        if error.retryable:
            raise
        yield Sign("wrong", str(error), "login")
        return
    yield from found
    if server.is_anonymous:
        yield Sign("note", "nobody is logged in, so only public pipelines can be read", "login")
    if not works:
        yield Sign(
            "note", "no component uses it: write `use: concourse` with `pipeline` and `jobs` in a service's file"
        )
    if not found:
        jobs = len({work.job for work in works})
        yield Sign("fine", f"{server.host} answers (Concourse {version}){user}: {jobs} job{'s' if jobs != 1 else ''}")


def _version(server: Server) -> str:
    try:
        info = server.public("/api/v1/info")
    except RefusedError as refused:
        raise SourceError(
            f"{server.host} has no Concourse at this address ({refused.status}): `base_url` is what one opens in a "
            "browser, without /teams and what follows",
            retryable=refused.retryable,
        ) from None
    if not isinstance(info, dict) or "version" not in info:
        raise SourceError(f"{server.host} is no Concourse: /api/v1/info tells no version", retryable=False)
    return str(info["version"])


def _user(server: Server) -> str:
    if server.is_anonymous:
        return ""
    try:
        user = server.get("/api/v1/user")
    except RefusedError:  # before version 6 there is no such page, and it is only for a word more
        return ""
    name = (
        (user.get("display_user_id") or user.get("user_name") or user.get("name")) if isinstance(user, dict) else ""
    )
    return f" and knows {name}" if name else ""


def _about_works(server: Server, works: Sequence[Work]) -> Iterator[Sign]:
    """Each pipeline is asked for its jobs once."""
    listed: dict[object, Mapping[str, frozenset[str]] | str] = {}
    for work in works:
        pipeline = work.job.pipeline
        if pipeline not in listed:
            listed[pipeline] = _jobs(server, work)
        jobs = listed[pipeline]
        if isinstance(jobs, str):
            yield Sign("wrong", jobs, work.about)
        elif work.job.name not in jobs:
            wrong = f"pipeline {pipeline.title} has no job {work.job.name!r}; {nearest(work.job.name, sorted(jobs))}"
            yield Sign("wrong", wrong, work.about)
        else:
            yield from _about_inputs(work, jobs[work.job.name])


def _jobs(server: Server, work: Work) -> Mapping[str, frozenset[str]] | str:
    """The names of each job's inputs, or why they can't be listed."""
    pipeline = work.job.pipeline
    try:
        found = server.get(f"/api/v1{pipeline.address}/jobs", pipeline.variables)
    except RefusedError as refused:
        return refusal(server, work.job, refused).detail
    jobs = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {
        str(job.get("name")): frozenset(
            str(each.get("name")) for each in job.get("inputs") or () if isinstance(each, dict)
        )
        for job in jobs
    }


def _about_inputs(work: Work, inputs: frozenset[str]) -> Iterator[Sign]:
    for key, name in (("commit", work.commit), ("version", work.version)):
        if name and name not in inputs:
            wrong = f"job {work.job.name} has no input {name!r}, which `{key}` names; {nearest(name, sorted(inputs))}"
            yield Sign("wrong", wrong, work.about)
