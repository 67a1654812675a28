"""What is wrong with a configuration, in words: pydantic's findings as sentences that say what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

__all__ = ["Fault", "Key", "faults", "near", "nearest", "secrets_in"]

Key = str | int

# Longer values are cut: the line number says where the rest is.
_LONGEST: Final = 60
# Beside Asia/Tokyo (0.9), Asia/Tomsk (0.8) is no help to somebody who wrote Asia/Tokio.
_LESS_ALIKE: Final = 0.09
_WRITE: Final = {
    "string_type": "write text, in quotes",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "dict_type": "write keys and values below it",
    "mapping_type": "write keys and values below it",
    "model_type": "write keys and values below it",
    "list_type": "write a list, as in [a, b]",
    "tuple_type": "write a list, as in [a, b]",
    "url_parsing": "write an address, as in https://example.com",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one key: `says` completes the sentence "KEY …"."""

    key: tuple[Key, ...]
    says: str


def faults(error: ValidationError, model: type[BaseModel], data: object, bare: Iterable[str] = ()) -> list[Fault]:
    """What pydantic found in the data, one fault a key. No secret is ever repeated, wherever it stands.

    `bare` are secrets that stand in the data as a part of a longer text.
    """
    secrets = sorted({*secrets_in(data), *bare}, key=len, reverse=True)
    found: dict[tuple[Key, ...], Fault] = {}
    # Pydantic's own wording of an input may hold a secret as plain text, so its input is never looked at.
    for each in error.errors(include_url=False, include_input=False):
        key = _key(each["loc"], data)
        if each["type"] == "extra_forbidden":
            fault = Fault(key, f"is no key here; {nearest(str(key[-1]), _keys_below(model, key[:-1]))}")
        elif each["type"] == "missing":
            fault = Fault((*key, each["loc"][-1]), "is missing.")
        else:
            is_secret = any("SecretStr" in str(annotation) for annotation in _annotations(model, key) if key)
            fault = Fault(key, _said(each, _at(data, key), secrets, is_secret=is_secret))
        found.setdefault(fault.key, fault)
    return list(found.values())


def near(name: str, valid: Iterable[str]) -> list[str]:
    """The valid names that are likely meant: up to three, none much less alike than the first."""
    known = {each.lower(): each for each in valid}
    matches = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    alike = {match: difflib.SequenceMatcher(None, match, name.lower()).ratio() for match in matches}
    return [known[match] for match in matches if alike[match] > alike[matches[0]] - _LESS_ALIKE]


def nearest(name: str, valid: Iterable[str]) -> str:
    """What to write instead: the nearest valid names, else all of them."""
    valid = list(valid)
    if not valid:
        return "there are none to choose from yet."
    likely = near(name, valid)
    return f"did you mean {' or '.join(likely)}?" if likely else f"use one of {', '.join(valid)}."


def _said(each: ErrorDetails, value: object, secrets: Iterable[str], *, is_secret: bool) -> str:
    shown = "a secret" if is_secret or next(secrets_in(value), None) is not None else _shown(value)
    if each["type"] in _WRITE:
        return f"is {shown}; {_WRITE[each['type']]}."
    if each["type"] == "literal_error":
        expected = str(each["ctx"]["expected"])
        choices = re.findall(r"'([^']*)'", expected)
        return f"is {shown}; {nearest(str(value), choices) if choices else f'write {expected}.'}"
    own = " ".join(each["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ").split())
    for secret in secrets:
        own = own.replace(secret, "«secret»").replace(repr(secret)[1:-1], "«secret»")
    if is_secret:
        return "is a secret that is not valid."
    own = own.removesuffix(".")
    if isinstance(value, Mapping) or str(value) in own:
        return f"is wrong: {own}."
    return f"is {shown}; {own[:1].lower()}{own[1:]}."


def _shown(value: object) -> str:
    """A value as its writer would recognise it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def secrets_in(value: object) -> Iterator[str]:
    """The text of every secret in it."""
    if isinstance(value, SecretStr):
        yield from filter(None, [value.get_secret_value()])
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from secrets_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_in(each)


def _key(location: tuple[Key, ...], data: object) -> tuple[Key, ...]:
    """As much of a pydantic location as the data has: it also names validators and members of unions."""
    key: list[Key] = []
    for part in location:
        here = data if isinstance(data, Mapping) else dict(enumerate(data)) if isinstance(data, list | tuple) else {}
        if part not in here:
            break
        data = here[part]
        key.append(part)
    return tuple(key)


def _at(data: Any, key: tuple[Key, ...]) -> object:  # noqa: ANN401 - whatever YAML holds
    for part in key:
        data = data[part]
    return data


def _annotations(model: type[BaseModel], key: tuple[Key, ...]) -> list[Any]:
    """What a model allows at a key; several where it is a union."""
    found: list[Any] = [model]
    for part in key:
        found = [each for annotation in found for inner in _within(annotation, part) for each in _members(inner)]
    return found


def _within(annotation: Any, part: Key) -> Iterator[Any]:  # noqa: ANN401 - an annotation may be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from (
            field.annotation for name, field in annotation.model_fields.items() if part in (name, field.alias)
        )
    else:
        yield from get_args(annotation)


def _members(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    if get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _members(each)
    elif get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    else:
        yield annotation


def _keys_below(model: type[BaseModel], key: tuple[Key, ...]) -> list[str]:
    for annotation in _annotations(model, key):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [field.alias or name for name, field in annotation.model_fields.items()]
    return []
