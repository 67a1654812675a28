"""What may stand beside `use: cloudwatch`: exactly one kind of thing in AWS, by its name there."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, model_validator

from metrics.collect import target
from metrics.errors import ConfigError
from metrics.quantity import parse_quantity

__all__ = ["KINDS", "Target"]


def _size(written: object) -> float:
    try:
        return parse_quantity(written, "By")
    except ConfigError as error:
        raise ValueError(str(error)) from None


_Name = Annotated[str, Field(min_length=1)]
_Names = Annotated[tuple[_Name, ...], target.Several, Field(min_length=1)]
_Tag = Annotated[str, Field(pattern=r"^[^=]+=.+$")]
_Size = Annotated[float, BeforeValidator(_size), Field(gt=0)]

KINDS: Final = (
    *("rds_cluster", "rds_instance", "ec2_instances", "ec2_tag", "auto_scaling_group", "eks_cluster"),
    *("cache_cluster", "replication_group", "ses", "function", "lambda_functions", "bucket", "buckets"),
    "load_balancer",
)
"""The keys that say what a component is: one of them in each entry."""

_ONLY_WITH: Final = {
    "target_group": ("load_balancer",),
    "slow_queries": ("rds_cluster", "rds_instance"),
    "max_connections": ("rds_cluster", "rds_instance"),
    "local_storage": ("rds_cluster", "rds_instance"),
}


class Target(target.Target, frozen=True, extra="forbid"):
    """A component that CloudWatch measures, and what it is called in AWS."""

    rds_cluster: _Name | None = None
    rds_instance: _Name | None = None
    ec2_instances: _Names | None = None
    ec2_tag: _Tag | None = None
    """`KEY=VALUE`; `*` in the value stands for anything."""
    auto_scaling_group: _Name | None = None
    eks_cluster: _Name | None = None
    cache_cluster: _Name | None = None
    replication_group: _Name | None = None
    ses: bool | _Name | None = None
    """True for the whole account, or a configuration set."""
    function: _Name | None = None
    lambda_functions: _Names | None = None
    bucket: _Name | None = None
    buckets: _Names | None = None
    load_balancer: _Name | None = None
    """`web`, or `app/web/50dc6c495c0c9188`."""
    target_group: _Name | None = None
    slow_queries: bool | None = None
    """None: wherever Performance Insights is on."""
    max_connections: int | None = Field(default=None, gt=0)
    """Where the parameter group has a formula instead of a number."""
    local_storage: _Size | None = None
    """Bytes of an Aurora member's local storage, which no call tells."""

    @model_validator(mode="after")
    def _one_thing(self) -> Target:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if self.ses is False:
            raise ValueError("ses is true for the whole account, or the name of a configuration set")
        if not named:
            raise ValueError(f"it does not say what it is in AWS; write one of {', '.join(KINDS)}")
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} are two things; write an entry for each of them")
        for key, kinds in _ONLY_WITH.items():
            if getattr(self, key) is not None and named[0] not in kinds:
                raise ValueError(f"{key} belongs to {' and '.join(kinds)}, not to {named[0]}")
        return self

    @property
    def kind(self) -> str:
        """Which of KINDS it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called in AWS; several where it is a list."""
        named: str | bool | tuple[str, ...] = getattr(self, self.kind)
        return named if isinstance(named, tuple) else (str(named),)
