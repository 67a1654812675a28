"""Where builds are: a job in a pipeline of a team, and what stands there instead where a name is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import httpx

from metrics.collect._concourse.server import Params, RefusedError, Server
from metrics.faults import nearest

__all__ = ["Job", "Pipeline", "missing"]

_PLAIN: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline, or one instance of it."""

    team: str
    name: str
    variables: tuple[tuple[str, str], ...] = ()
    """What tells the instance from others, as `vars.NAME` and JSON."""

    @classmethod
    def of(cls, team: str, name: str, instance_vars: Mapping[str, object]) -> Pipeline:
        return cls(team, name, tuple(sorted(_flat("vars", instance_vars))))

    @property
    def address(self) -> str:
        return f"/teams/{_quoted(self.team)}/pipelines/{_quoted(self.name)}"

    @property
    def query(self) -> str:
        return f"?{urlencode(self.variables)}" if self.variables else ""

    @property
    def title(self) -> str:
        """As the command line `fly` writes it."""
        pairs = (f"{name.removeprefix('vars.')}:{value.strip(chr(34))}" for name, value in self.variables)
        return "/".join(filter(None, (self.name, ",".join(pairs))))


@dataclass(frozen=True, slots=True)
class Job:
    """A job whose builds are asked for."""

    pipeline: Pipeline
    name: str

    @property
    def api(self) -> str:
        return f"/api/v1{self.pipeline.address}/jobs/{_quoted(self.name)}/builds"

    def page(self, build: str) -> str:
        """Where the web UI shows a build, below the base address."""
        return f"{self.pipeline.address}/jobs/{_quoted(self.name)}/builds/{_quoted(build)}{self.pipeline.query}"


def missing(server: Server, job: Job) -> str:
    """Which name is wrong, and what is there; nothing where all of it is there."""
    pipeline = job.pipeline
    try:
        pipelines = _named(server, f"/api/v1/teams/{_quoted(pipeline.team)}/pipelines")
    except RefusedError as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        teams = sorted({str(team["name"]) for team in _named(server, "/api/v1/teams")})
        return f"there is no team {pipeline.team!r}; {nearest(pipeline.team, teams)}"
    instances = [Pipeline.of(pipeline.team, str(each["name"]), _vars(each)) for each in pipelines]
    if pipeline.name not in {each.name for each in instances}:
        names = sorted({each.name for each in instances})
        return f"team {pipeline.team} has no pipeline {pipeline.name!r}; {nearest(pipeline.name, names)}"
    if pipeline not in instances:
        titles = sorted(each.title for each in instances if each.name == pipeline.name)
        return f"pipeline {pipeline.name} has no instance {pipeline.title!r}; {nearest(pipeline.title, titles)}"
    names = [str(each["name"]) for each in _named(server, f"/api/v1{pipeline.address}/jobs", pipeline.variables)]
    if job.name in names:
        return ""
    return f"pipeline {pipeline.title} has no job {job.name!r}; {nearest(job.name, sorted(names))}"


def _named(server: Server, path: str, params: Params = ()) -> list[Mapping[str, object]]:
    found = server.get(path, params)
    every: Iterable[object] = found if isinstance(found, list) else ()
    return [each for each in every if isinstance(each, dict) and "name" in each]


def _vars(pipeline: Mapping[str, object]) -> Mapping[str, object]:
    found = pipeline.get("instance_vars")
    return found if isinstance(found, dict) else {}


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Concourse's way to write instance variables into an address: dots between names, JSON for values."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(f"{name}.{key if _PLAIN.fullmatch(str(key)) else json.dumps(str(key))}", each)
    else:
        yield name, json.dumps(value, default=str, ensure_ascii=False)


def _quoted(name: str) -> str:
    return quote(name, safe="")
