"""What a component's entry in a service's file may say of its repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from metrics.collect.target import Several
from metrics.collect.target import Target as AnyTarget

__all__ = ["Target"]

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class Target(AnyTarget, frozen=True, extra="forbid"):
    """The repository of a component, and what counts as its deployments and incidents."""

    repository: str
    environments: Mapping[str, str] = Field(default={"production": "production"}, min_length=1)
    """GitHub's name of each environment that counts, and ours; a list where they are the same."""
    deployments_from: Literal["deployments", "releases", "merges"] = "deployments"
    branch: str | None = Field(default=None, min_length=1)
    """Where changes are merged to; the repository's default branch when absent."""
    incident_labels: Annotated[tuple[str, ...], Several] = ("incident",)
    """An issue with any of them is an incident."""
    incident_type: str | None = None
    """So is one of this type."""
    paths: Annotated[tuple[str, ...], Several] = ()
    """Only changes with a file below one of them count; all when absent."""

    @field_validator("repository")
    @classmethod
    def _has_an_owner(cls, written: str) -> str:
        if not _REPOSITORY.fullmatch(written) or {".", ".."} & set(written.split("/")):
            raise ValueError("is no repository; write owner/name, as in acme/jobs")
        return written

    @field_validator("environments", mode="before")
    @classmethod
    def _named_alike(cls, written: object) -> object:
        names = [written] if isinstance(written, str) else written
        return {name: name for name in names} if isinstance(names, list | tuple) else names

    @field_validator("paths")
    @classmethod
    def _from_the_root(cls, written: tuple[str, ...]) -> tuple[str, ...]:
        paths = tuple(path.removeprefix("./").strip("/") for path in written)
        if "" in paths or any("*" in path for path in paths):
            raise ValueError("holds what is no path; write folders or files, as in apps/web")
        return paths

    @property
    def environment(self) -> str:
        """Ours, for what GitHub knows no environment of: releases and merges."""
        return next(iter(self.environments.values()))
