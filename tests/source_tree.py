"""The product's own source as syntax trees: what the tests of the house look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    path: Path
    """From the repository's root."""
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """As it is imported: `metrics.store.read`, `metrics.store` for a package, `app`."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def imports(self) -> Iterator[tuple[str, int]]:
        """Each imported module with its line; `from metrics.store import read` gives `metrics.store.read`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno} imports by a relative name"
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def third_parties(self) -> Iterator[tuple[str, int]]:
        """The top name of each import, as in `import NAME`."""
        yield from ((name.partition(".")[0], line) for name, line in self.imports())

    def functions(self) -> Iterator[Function]:
        yield from (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def strings(self) -> Iterator[tuple[str, int]]:
        """Each text that the code itself uses, f-strings by their first piece; docstrings are not among them."""
        documented = ast.Module | ast.ClassDef | Function
        docs = {id(node.body[0].value) for node in ast.walk(self.tree) if _has_doc(node, documented)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                yield node.value, node.lineno


def _has_doc(node: ast.AST, documented: object) -> bool:
    return isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """All modules below these folders (or these files themselves), in order."""
    files = [found for folder in folders for found in (ROOT / folder, *sorted((ROOT / folder).rglob("*.py")))]
    return tuple(_module(path) for path in files if path.is_file())


def product() -> tuple[Module, ...]:
    return modules("app.py", "pages", "metrics")


def parsed(path: Path, text: str) -> Module:
    return Module(path, text, ast.parse(text, filename=str(path)))


def _module(path: Path) -> Module:
    return parsed(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
