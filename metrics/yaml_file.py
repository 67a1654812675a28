"""A YAML file that remembers its lines, so that a refusal can name the one to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from metrics.errors import ConfigError

__all__ = ["Fault", "Strict", "YamlFile", "nearest"]

Key = str | int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one key: `says` completes the sentence "KEY …"."""

    key: tuple[Key, ...]
    says: str


class Strict(BaseModel):
    """A mapping that takes its own keys and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_other_keys(cls, data: object) -> object:
        if isinstance(data, Mapping):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in known and key not in cls.model_fields:
                    says = f"is no key here; {nearest(str(key), known)}"
                    raise PydanticCustomError("unknown_key", "{says}", {"key": key, "says": says})
        return data


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The parsed content and the line of each key; `name` is how a person calls the file."""

    name: str
    data: Any
    lines: Mapping[tuple[Key, ...], int]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises ConfigError for what is no YAML, or a key that comes twice."""
        name = f"{path.parent.name}/{path.name}"
        if path.parent.name == "services":
            name = f"{path.parent.parent.name}/{name}"
        return cls.parse(path.read_text(encoding="utf-8"), name)

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        try:
            loader = yaml.SafeLoader(text)
            root = loader.get_single_node()
            lines: dict[tuple[Key, ...], int] = {}
            if root is not None:
                _walk(root, (), lines, name)
            data = loader.construct_document(root) if root is not None else {}
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{name}:{line}: is not valid YAML: {error.problem}.") from error
        return cls(name, {} if data is None else data, lines)

    def line(self, key: tuple[Key, ...]) -> int:
        """The line of a key, or of the nearest one around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def check(self, model: type[Strict]) -> Any:  # noqa: ANN401 - the model's own type; generics add nothing here
        """The content as the model. Raises ConfigError with the first fault, and how many more there are."""
        if not isinstance(self.data, dict):
            raise self.refusal([Fault((), "must be keys and values, one `key: value` a line.")])
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self.refusal(faults(error)) from None

    def refusal(self, found: Iterable[Fault]) -> ConfigError:
        first, *others = sorted(found, key=lambda fault: self.line(fault.key))
        more = f" ({len(others)} more after it)" if others else ""
        key = ".".join(map(str, first.key)) or "the file"
        return ConfigError(f"{self.name}:{self.line(first.key)}: {key} {first.says}{more}")


def faults(error: ValidationError) -> list[Fault]:
    """What pydantic found, as faults; a secret's value is never repeated."""
    found = []
    for each in error.errors():
        key = tuple(part for part in each["loc"] if not str(part).startswith("function-"))
        context = each.get("ctx", {})
        if each["type"] == "unknown_key":
            found.append(Fault((*key, context["key"]), context["says"]))
        elif each["type"] == "missing":
            found.append(Fault(key, "is missing."))
        else:
            said = each["msg"].removeprefix("Value error, ")
            value = "a secret" if isinstance(each["input"], SecretStr) else repr(each["input"])
            found.append(Fault(key, f"is {value}; {said[0].lower()}{said[1:]}."))
    return found


def nearest(name: str, valid: Iterable[str]) -> str:
    """What to write instead: the nearest valid names, else all of them."""
    valid = list(valid)
    if not valid:
        return "there are none to choose from yet."
    near = difflib.get_close_matches(name, valid, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"use one of {', '.join(valid)}."


def _walk(node: yaml.Node, key: tuple[Key, ...], lines: dict[tuple[Key, ...], int], name: str) -> None:
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for part, value in node.value:
            inner = (*key, part.value)
            if inner in lines:
                raise ConfigError(
                    f"{name}:{part.start_mark.line + 1}: {'.'.join(map(str, inner))} comes twice, "
                    f"first on line {lines[inner]}; keep one."
                )
            lines[inner] = part.start_mark.line + 1
            _walk(value, inner, lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*key, number), lines, name)
