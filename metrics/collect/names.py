"""Names that a file or an event brings along, refused where no service's file could write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from metrics.model import SERVICE_NAME

__all__ = ["ComponentName", "ServiceName"]


def _service(name: str) -> str:
    if not SERVICE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a service; use lower-case letters, digits, - and _")
    return name


def _component(name: str) -> str:
    if "/" in name:
        raise ValueError(f"{name!r} is no name for a component, since a slash divides it from its parts")
    return name


ServiceName = Annotated[str, AfterValidator(_service)]
ComponentName = Annotated[str, Field(min_length=1), AfterValidator(_component)]
