"""A row of a frame, as pandas hands it over, and how its cells become plain values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

__all__ = ["Row", "moment", "text"]

Row = Mapping[Hashable, Any]


def moment(cell: pd.Timestamp | None) -> datetime | None:
    if cell is None or pd.isna(cell):
        return None
    plain: datetime = cell.to_pydatetime()
    return plain


def text(cell: object) -> str | None:
    """None for an empty cell, whichever way pandas says that."""
    return cell if isinstance(cell, str) and cell else None
