"""Where everything is kept: the only folder that knows DuckDB and SQL."""

from metrics.store.database import Store

__all__ = ["Store"]
