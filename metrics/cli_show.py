"""What the verbs print: tables, a progress bar on a terminal, a line per step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

__all__ = ["Progress", "table"]

BAR = 24
# A terminal gets a new picture this often; a log gets a line for each tenth of the way, at most this often.
FRAME_S, LINE_S = 0.1, 5.0


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last one is free."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )


class Progress:
    """How far long work is: `progress(name, done, total)` as often as one likes."""

    def __init__(self, unit: str = "rows", out: TextIO = sys.stderr) -> None:
        self._unit, self._out, self._is_terminal = unit, out, out.isatty()
        self._began: dict[str, float] = {}
        self._shown = 0.0

    def __call__(self, name: str, done: int, total: int, unit: str = "") -> None:
        """`total` is 0 while it is not known; `unit` is what is counted, where it is not the usual."""
        now, is_over = time.monotonic(), 0 < total <= done
        began = self._began.setdefault(name, now)
        if now - self._shown < (FRAME_S if self._is_terminal else LINE_S) and not is_over:
            return
        self._shown = now
        text = f"{name}: {done:,}{f' of {total:,}' if total else ''} {unit or self._unit}"
        if self._is_terminal:
            share = min(done / total, 1.0) if total else 0.0
            bar = f"{'█' * round(share * BAR):░<{BAR}} " if total else ""
            left = f", {(now - began) * (1 - share) / share:.0f} s left" if share > 0.02 and not is_over else ""
            self._out.write(f"\r\x1b[K{bar}{text}{left}" + ("\n" if is_over else ""))
        else:
            self._out.write(f"{text}\n")
        self._out.flush()
