"""Describe-calls, each asked once a run, however many components need its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.session import Account

__all__ = ["Reader", "Row"]

# `Any`: whatever AWS's models hold.
Row = Mapping[str, Any]

# What IAM calls them, where it is not what the API calls them.
_PREFIX: Final = {"elbv2": "elasticloadbalancing"}
_ACTION: Final = {"s3:ListBuckets": "s3:ListAllMyBuckets"}


class Reader:
    """What the account holds."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._kept: dict[str, list[Row] | RefusedError] = {}

    @property
    def region(self) -> str:
        return self._account.region

    def rows(
        self, service: str, operation: str, key: str, *, region: str | None = None, **kwargs: object
    ) -> list[Row]:
        """All that a call lists below `key`, page by page. Raises RefusedError, each time it is asked again."""

        def ask() -> list[Row]:
            call = getattr(self._account.client(service, region), operation)
            pages = self._account.pages(call, self._action(service, operation), **kwargs)
            return [row for page in pages for row in page.get(key) or ()]

        return self._once(f"{service} {operation} {region} {kwargs}", ask)

    def reply(self, service: str, operation: str, **kwargs: object) -> Row:
        """The answer of a call that has no pages. Raises RefusedError."""

        def ask() -> list[Row]:
            call = getattr(self._account.client(service), operation)
            return [self._account.asked(call, self._action(service, operation), **kwargs)]

        return self._once(f"{service} {operation} {kwargs}", ask)[0]

    def _once(self, key: str, ask: Callable[[], list[Row]]) -> list[Row]:
        if key not in self._kept:
            try:
                self._kept[key] = ask()
            except RefusedError as error:
                self._kept[key] = error
        kept = self._kept[key]
        if isinstance(kept, RefusedError):
            raise kept
        return kept

    def _action(self, service: str, operation: str) -> str:
        api = self._account.client(service).meta.method_to_api_mapping[operation]
        action = f"{_PREFIX.get(service, service)}:{api}"
        return _ACTION.get(action, action)
