"""One line of what `make bench-detect` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

AGAIN = 1_000


@dataclass(frozen=True)
class Row:
    kind: str
    what: str
    target: str
    figure: float
    spread: str

    HEAD: ClassVar[str] = f"{'kind':9} {'':52} {'target':>10} | {'figure':>7} | spread"

    def __str__(self) -> str:
        return f"{self.kind:9} {self.what:52} {self.target:>10} | {self.figure:7.2f} | {self.spread}"


def standard_error(figures: Sequence[float]) -> float:
    """How far the mean would move had other series been drawn."""
    rng = np.random.Generator(np.random.PCG64(0))
    each = np.asarray(figures, np.float64)
    return float(each[rng.integers(len(each), size=(AGAIN, len(each)))].mean(1).std())
