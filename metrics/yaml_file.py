"""A YAML file that remembers its lines, so that a refusal can name the one to mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from metrics.errors import ConfigError
from metrics.faults import Fault, Key, faults

__all__ = ["Strict", "YamlFile"]

_TAG: Final = "tag:yaml.org,2002:"
# What a key is read as that was meant as a name: `on`, `1`, `~`.
_READ_AS: Final = {"bool": "a truth value", "int": "a number", "float": "a number", "null": "nothing"}

# No key of ours lies deeper than this, and what a source's own settings nest ends well before.
_DEEPEST: Final = 24


class Strict(BaseModel):
    """A mapping that takes its own keys and no others; a key without a value is left out."""

    # Not as class arguments, which a type checker wants repeated by every subclass.
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: object) -> object:
        # As it is left behind when everything below a key is commented out.
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


S = TypeVar("S", bound=Strict)


class _Loader(yaml.SafeLoader):
    """YAML without its traps: a date stays text, and so do 1:30 (else 90 in base 60) and 010 (else 8)."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(0|[1-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?([0-9][0-9_]*\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf)|\.(nan|NaN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(rf"^(?:{_pattern})$"), ["", *_first])


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The parsed content and the line of each key; `name` is how a person calls the file."""

    name: str
    data: Any
    lines: Mapping[tuple[Key, ...], int]

    @classmethod
    def read(cls, path: Path, name: str) -> Self:
        """The file's content. Raises ConfigError when it can't be read or is no plain YAML."""
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"), name)
        except UnicodeDecodeError as error:
            line = bytes(error.object).count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{name}:{line}: is not UTF-8 text; save it as UTF-8.") from None
        except OSError as error:
            raise ConfigError(f"{name}: can't be read: {error.strerror}.") from None

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """The text as YAML. Raises ConfigError for a key that comes twice, or is no text, and for explicit tags."""
        try:
            _refuse_tags(text, name)
            loader = _Loader(text)
            root = loader.get_single_node()
            lines: dict[tuple[Key, ...], int] = {}
            if root is not None:
                _walk(root, (), lines, name)
            data = loader.construct_document(root) if root is not None else None
        except yaml.reader.ReaderError as error:
            line, sign = text.count("\n", 0, error.position) + 1, f"U+{ord(text[error.position]):04X}"
            raise ConfigError(f"{name}:{line}: has the character {sign}, which YAML forbids; remove it.") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            hint = "check indentation, colons and quotes."
            raise ConfigError(f"{name}:{line}: is not valid YAML: {error.problem}; {hint}") from None
        return cls(name, {} if data is None else data, lines)

    def line(self, key: tuple[Key, ...]) -> int:
        """The line of a key, or of the nearest one around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def check(self, model: type[S]) -> S:
        """The content as the model. Raises ConfigError with the first fault, and how many more there are."""
        if not isinstance(self.data, Mapping):
            raise self.refusal([Fault((), "must be keys and values, one `key: value` a line.")])
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self.refusal(faults(error, model, self.data)) from None

    def refusal(self, found: Iterable[Fault]) -> ConfigError:
        """One line about the fault that stands first in the file."""
        first, *others = sorted(found, key=lambda fault: self.line(fault.key))
        more = f" ({len(others)} more after it)" if others else ""
        key = ".".join(map(str, first.key)) or "the file"
        return ConfigError(f"{self.name}:{self.line(first.key)}: {key} {first.says}{more}")


def _refuse_tags(text: str, name: str) -> None:
    """A tag could ask for any type; ours follow from how a value is written."""
    for token in yaml.scan(text):
        if isinstance(token, yaml.TagToken):
            tag = text[token.start_mark.index : token.end_mark.index]
            raise ConfigError(f"{name}:{token.start_mark.line + 1}: has the tag {tag}; write the value without it.")


def _walk(node: yaml.Node, key: tuple[Key, ...], lines: dict[tuple[Key, ...], int], name: str) -> None:
    lines.setdefault(key, node.start_mark.line + 1)
    if len(key) > _DEEPEST:
        raise ConfigError(
            f"{name}:{node.start_mark.line + 1}: {key[0]} goes on for ever; does an anchor hold itself?"
        )
    if isinstance(node, yaml.MappingNode):
        for part, value in node.value:
            if part.tag == f"{_TAG}merge":
                continue
            line = part.start_mark.line + 1
            inner = (*key, _key_of(part, key, f"{name}:{line}"))
            if inner in lines:
                said = f"{'.'.join(map(str, inner))} comes twice, first on line {lines[inner]}; keep one."
                raise ConfigError(f"{name}:{line}: {said}")
            lines[inner] = line
            _walk(value, inner, lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*key, number), lines, name)


def _key_of(part: yaml.Node, above: tuple[Key, ...], at: str) -> str:
    if not isinstance(part, yaml.ScalarNode):
        raise ConfigError(f"{at}: a key below {'.'.join(map(str, above)) or 'the file'} is no text; write a name.")
    read_as = _READ_AS.get(part.tag.removeprefix(_TAG))
    if read_as:
        inner = ".".join(map(str, (*above, part.value)))
        raise ConfigError(f'{at}: {inner} is a key that YAML reads as {read_as}; write "{part.value}" in quotes.')
    return str(part.value)
