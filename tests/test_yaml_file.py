"""YAML is read without its traps, and what is no plain YAML is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.errors import ConfigError
from metrics.yaml_file import YamlFile

NAME = "data/tomoni.yaml"


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        YamlFile.parse(text, NAME)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [\n", ":3: is not valid YAML: expected the node content, but found '<stream end>'; "
                         "check indentation, colons and quotes."),
        ("a: 1\n b: 2\n", ":2: is not valid YAML: mapping values are not allowed here; "
                          "check indentation, colons and quotes."),
        ("a: *b\n", ":1: is not valid YAML: found undefined alias 'b'; check indentation, colons and quotes."),
        ("a: 1\n---\na: 2\n", ":2: is not valid YAML: but found another document; "
                              "check indentation, colons and quotes."),
        ("a: 1\nb: 2\na: 3\n", ":3: a comes twice, first on line 1; keep one."),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", ":4: a.b comes twice, first on line 2; keep one."),
        ("a:\n  1: x\n", ':2: a.1 is a key that YAML reads as a number; write "1" in quotes.'),
        ("a:\n  on: x\n", ':2: a.on is a key that YAML reads as a truth value; write "on" in quotes.'),
        ("a:\n  ~: x\n", ':2: a.~ is a key that YAML reads as nothing; write "~" in quotes.'),
        ("? [a, b]\n: c\n", ":1: a key below the file is no text; write a name."),
        ("a: 1\nb: !!python/object:os.system ls\n", ":2: has the tag !!python/object:os.system; "
                                                    "write the value without it."),
        ("a: !!int b\n", ":1: has the tag !!int; write the value without it."),
        ("a: &x\n  b: *x\n", ":1: a goes on for ever; does an anchor hold itself?"),
        ("a: 1\nb: x\x01\n", ":2: has the character U+0001, which YAML forbids; remove it."),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_refused_with_its_line(text: str, said: str) -> None:
    assert refusal(text) == f"{NAME}{said}"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-01-05", "2026-01-05"), ("2026-13-45", "2026-13-45"), ("1:30", "1:30"), ("010", "010"), ("1e3", "1e3"),
        ("yes", True), ("off", False), ("0", 0), ("-12", -12), ("2_000", 2000), ("0.5", 0.5), ("5.", 5.0), (".5", 0.5),
        ("1.5e3", 1500.0), ("~", None), ("", None), ("'on'", "on"), ("500 ms", "500 ms"), ("80 %", "80 %"), ("v1.2", "v1.2"),
    ],
)  # fmt: skip
def test_values_are_what_they_look_like(written: str, value: object) -> None:
    assert YamlFile.parse(f"a: {written}\n", NAME).data == {"a": value}


def test_an_anchor_may_be_used_again() -> None:
    text = "a: &usual {cpu: 80}\nb: *usual\nc:\n  <<: *usual\n  memory: 85\n"
    file = YamlFile.parse(text, NAME)
    assert file.data == {"a": {"cpu": 80}, "b": {"cpu": 80}, "c": {"cpu": 80, "memory": 85}}
    assert file.line(("c", "memory")) == 5


@pytest.mark.parametrize("text", ["", "# all of it\n# commented out\n", "---\n", "~\n"])
def test_an_empty_file_is_empty(text: str) -> None:
    assert YamlFile.parse(text, NAME).data == {}


def test_each_key_knows_its_line() -> None:
    file = YamlFile.parse("a: 1\nb:\n  c:\n    - x\n    - y: 2\n", NAME)
    keys = [("a",), ("b",), ("b", "c"), ("b", "c", 0), ("b", "c", 1), ("b", "c", 1, "y")]
    assert [file.line(key) for key in keys] == [1, 2, 3, 4, 5, 5]
    assert file.line(("b", "c", 1, "absent")) == 5
    assert file.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a: 1\nb: \xe9\n", ":2: is not UTF-8 text; save it as UTF-8."), (None, ": can't be read: Is a directory.")],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "tomoni.yaml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        YamlFile.read(path, NAME)
    assert str(refused.value) == f"{NAME}{said}"


def test_a_mark_that_editors_leave_at_the_top_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert YamlFile.read(tmp_path / "a.yaml", NAME).data == {"a": 1}


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!?|>'\"%@`,#~<= \n\t0129.é\x00"), max_size=40))
def test_whatever_is_written_is_read_or_refused_in_one_line(text: str) -> None:
    said = f"{NAME}:"
    try:
        YamlFile.parse(text, NAME)
    except ConfigError as refused:
        said = str(refused)
    assert said.startswith(f"{NAME}:")
    assert "\n" not in said
