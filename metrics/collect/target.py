"""What a source is to ask for: the components that name it in a service's file, each with its own settings there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, Field

__all__ = ["Target", "filled"]

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Target(BaseModel, frozen=True, extra="forbid"):
    """A component that uses the source. A source's own subclass adds what may stand beside `use`.

    The runner fills in `service` and `component`; under a source in tomoni.yaml (`targets`) they are written out.
    """

    service: str = "default"
    component: str = Field(min_length=1)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text with each `{name}` that is among the values put in; other braces stay, as PromQL and Datadog use them."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
