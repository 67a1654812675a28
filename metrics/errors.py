"""Everything that Tomoni refuses, in one tree.

    TomoniError                 a person can mend it: one sentence, exit status 2
    ├── ConfigError             tomoni.yaml, a service's file or the catalogue is wrong
    ├── InputError              a flag, an address or a file to import is wrong
    ├── SourceError             a source can't be reached, or answered something unusable
    │   ├── BudgetSpentError         a run has made as many requests as it may; the next one goes on
    │   └── ReplyTooLargeError       a source sends more at once than a run takes in
    └── StoreError              the store can't be opened as asked
        └── StoreBusyError           a foreign process holds the database file

Each text says what was wrong (with the value), where, what is valid and what to do next.
Anything that is not a TomoniError is a bug and keeps its traceback.
"""

__all__ = [
    "BudgetSpentError",
    "ConfigError",
    "InputError",
    "SourceError",
    "StoreBusyError",
    "StoreError",
    "TomoniError",
]


class TomoniError(Exception):
    """A fault that a person can mend; its text is one line, fit for stderr."""


class ConfigError(TomoniError):
    """The configuration says something impossible; names file, line, key, value and what is valid."""


class InputError(TomoniError):
    """A flag, a query parameter or a file to import can't be used."""


class SourceError(TomoniError):
    """A source failed; `retryable` says whether the same question may be asked again."""

    def __init__(self, text: str, *, retryable: bool = True) -> None:
        super().__init__(text)
        self.retryable = retryable


class BudgetSpentError(SourceError):
    """A run has made all the requests it may: no fault, and what is left is asked for next time."""


class ReplyTooLargeError(SourceError):
    """A reply was cut off; the same may be had in smaller pieces."""


class StoreError(TomoniError):
    """The store can't be opened or used as asked."""


class StoreBusyError(StoreError):
    """A process that doesn't know the lease holds DuckDB's own lock; names its process id."""
