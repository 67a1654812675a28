"""What a source is to ask for: the components that name it in a service's file, each with its own settings there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from metrics.errors import ConfigError
from metrics.faults import faults
from metrics.model import Service, Use

__all__ = ["Several", "Target", "filled", "targets_of"]

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Several: Final = BeforeValidator(lambda written: (written,) if isinstance(written, str) else written)
"""A list of one may be written without brackets."""


class Target(BaseModel, frozen=True, extra="forbid"):
    """A component that uses the source. A source's own subclass adds what may stand beside `use`.

    The runner fills in `service` and `component`; under a source in tomoni.yaml (`targets`) they are written out.
    """

    service: str = "default"
    component: str = Field(min_length=1)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text with each known `{name}` put in; other braces stay, since PromQL and Datadog use them too."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def targets_of(services: Sequence[Service], source: str, settings: type[BaseModel]) -> Iterator[Target]:
    """Every component that uses the source, as the source's own kind of target.

    Raises ConfigError naming the place in the service's file, the key, and what is valid.
    """
    kind: type[Target] = get_args(settings.model_fields["targets"].annotation)[0]
    for service in services:
        for component in service.components:
            for use in component.uses:
                if use.source == source:
                    yield _target(kind, use, service.name, component.name)


def _target(kind: type[Target], use: Use, service: str, component: str) -> Target:
    try:
        return kind.model_validate({**use.settings, "service": service, "component": component})
    except ValidationError as error:
        first = faults(error, kind, use.settings)[0]
        key = ".".join([use.key, *map(str, first.key)])
        raise ConfigError(f"{use.file}:{use.line}: {key} {first.says}") from None
