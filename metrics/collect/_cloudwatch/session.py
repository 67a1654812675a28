"""The AWS account that the settings open: boto3 clients, credentials that renew, refusals that say what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, Field, SecretStr, model_validator

from metrics.collect import Sign
from metrics.collect._cloudwatch.refusal import NotAllowedError, RefusedError, goes_stale, is_throttled, refusal
from metrics.collect._cloudwatch.wire import sender
from metrics.collect.http import TRIES, backoff
from metrics.errors import SourceError

__all__ = ["Access", "Account", "NotAllowedError", "RefusedError"]

T = TypeVar("T")
# `Any`: boto3 comes without types; its clients are made at run time from AWS's models.
Session = Any
Client = Any
Call = Any
Models = Any
Reply = Mapping[str, Any]


class Access(BaseModel, frozen=True, extra="forbid"):
    """How to get into the account. Without keys, profile or role it is boto3's default chain."""

    region: str | None = Field(default=None, min_length=1)
    endpoint_url: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key belong together: set both or none of them")
        if self.session_token is not None and self.access_key_id is None:
            raise ValueError("session_token belongs to an access_key_id and a secret_access_key: set them too")
        if self.external_id is not None and self.role_arn is None:
            raise ValueError("external_id is told when a role is assumed: set role_arn too")
        return self


class Account:
    """Clients of one account for one run; what they send goes through the run's polite http client."""

    def __init__(self, access: Access, http: httpx.Client) -> None:
        self.access, self._http = access, http
        self._opened: Any = None
        self._clients: dict[tuple[str, str | None], Client] = {}

    @property
    def region(self) -> str:
        """Where it asks unless told otherwise."""
        return str(self.client("cloudwatch").meta.region_name)

    def identity(self) -> Sign:
        """Who it is. Raises SourceError when not let in."""
        who = self.asked(self.client("sts").get_caller_identity, "sts:GetCallerIdentity")
        return Sign("fine", f"it is {who.get('Arn')} and asks in {self.region}")

    def client(self, service: str, region: str | None = None) -> Client:
        """boto3's client for a service (`rds`), in another region than the account's own where one is given."""
        session = self._session()
        key = (service, region or session.region_name)
        if key not in self._clients:
            self._clients[key] = _explained(lambda: self._made(session, *key))
        return self._clients[key]

    def asked(self, call: Call, action: str, **kwargs: object) -> Reply:
        """The answer to one call of one of the clients: `asked(client.describe_db_clusters, "rds:Describe…")`.

        Throttling is waited out, and expired credentials are renewed once. Raises NotAllowedError or RefusedError
        where only this call is refused, SourceError where no other would work either.
        """
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # it has no types

        try:
            return _patiently(self._as_it_is_now(call), **kwargs)
        except ClientError as error:
            if not goes_stale(error.response):
                raise refusal(error.response, action) from None
        self._opened, self._clients = None, {}
        try:
            return _patiently(self._as_it_is_now(call), **kwargs)
        except ClientError as error:
            raise refusal(error.response, action) from None

    def pages(self, call: Call, action: str, **kwargs: object) -> Iterator[Reply]:
        """Each page of a call that comes in pages, by what botocore knows of its tokens."""
        paginator = call.__self__.get_paginator(call.__name__)
        paginator._method = partial(self.asked, call, action)
        yield from paginator.paginate(**kwargs)

    def _as_it_is_now(self, call: Call) -> Call:
        """The same call of the present client: renewed credentials mean new clients."""
        meta = call.__self__.meta
        return getattr(self.client(meta.service_model.service_name, meta.region_name), call.__name__)

    def _session(self) -> Session:
        if self._opened is None:
            own = _explained(self._own_session)
            self._opened = self._in_role(own) if self.access.role_arn else own
        return self._opened

    def _own_session(self) -> Session:
        keys = {
            "aws_access_key_id": self.access.access_key_id,
            "aws_secret_access_key": self.access.secret_access_key,
            "aws_session_token": self.access.session_token,
        }
        given = {name: key.get_secret_value() for name, key in keys.items() if key is not None}
        return self._wired(region_name=self.access.region, profile_name=self.access.profile, **given)

    def _in_role(self, own: Session) -> Session:
        from botocore.exceptions import ClientError

        role, external = self.access.role_arn, self.access.external_id
        asked = {"RoleArn": role, "RoleSessionName": "tomoni", **({"ExternalId": external} if external else {})}
        sts = _explained(lambda: self._made(own, "sts", own.region_name))
        try:
            keys = _patiently(sts.assume_role, **asked)["Credentials"]
        except ClientError as error:
            refused = refusal(error.response, "sts:AssumeRole")
            raise SourceError(f"the role {role} can't be assumed: {refused}"[:300], retryable=False) from None
        return self._wired(
            region_name=own.region_name,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def _wired(self, **kwargs: object) -> Session:
        import boto3  # type: ignore[import-untyped]  # it has no types
        import botocore.session  # type: ignore[import-untyped]  # it has no types

        core = botocore.session.get_session()
        core.register_component("data_loader", _models())
        core.register("before-send", sender(self._http))
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_instant)
        return boto3.Session(botocore_session=core, **kwargs)

    def _made(self, session: Session, service: str, region: str | None) -> Client:
        from botocore.config import Config  # type: ignore[import-untyped]  # it has no types

        # One try here: the polite client repeats what may go away by itself, `asked` what AWS throttles.
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, user_agent_extra="tomoni")
        return session.client(service, region_name=region, endpoint_url=self.access.endpoint_url, config=config)


@cache
def _models() -> Models:
    """AWS's models, read once a process: EC2's alone takes half a second, each time that the account is opened."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]  # it has no types

    return create_loader()


def _instant(given: float | str) -> datetime:
    """botocore's own way takes ten times as long, which is most of what a large answer costs."""
    if isinstance(given, int | float):
        return datetime.fromtimestamp(given, UTC)
    from botocore.utils import parse_timestamp  # type: ignore[import-untyped]  # it has no types

    instant: datetime = parse_timestamp(given)
    return instant


def _patiently(call: Call, **kwargs: object) -> Reply:
    """The answer, asked for again for as long as AWS throttles. Raises botocore's ClientError."""
    from botocore.exceptions import ClientError

    attempt = 1
    while True:
        try:
            return _explained(lambda: call(**kwargs))
        except ClientError as error:
            if attempt == TRIES or not is_throttled(error.response):
                raise
        time.sleep(backoff(attempt))
        attempt += 1


def _explained(work: Callable[[], T]) -> T:
    """What `work` gives; what botocore can't do, in words. ClientError, which is AWS's own answer, passes."""
    from botocore.exceptions import (
        BotoCoreError,
        CredentialRetrievalError,
        NoCredentialsError,
        NoRegionError,
        ParamValidationError,
    )
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # it has no types

    try:
        return work()
    except httpx.TransportError as error:
        raise SourceError(f"AWS can't be reached: {type(error).__name__}: {error}"[:300]) from None
    except NoCredentialsError:
        raise SourceError(_NO_CREDENTIALS, retryable=False) from None
    except NoRegionError:
        raise SourceError("no region is known: set `region` (eu-west-1, for one)", retryable=False) from None
    except ParamValidationError as error:
        raise RefusedError(str(error)[:300], "ParamValidation") from None
    except CredentialRetrievalError as error:
        raise SourceError(f"no credentials can be got: {error}"[:300]) from None
    except ResponseParserError as error:
        raise SourceError(f"AWS answered something that can't be read: {error}"[:300]) from None
    except BotoCoreError as error:
        raise SourceError(f"AWS can't be asked: {error}"[:300], retryable=False) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # botocore's parsers trust the shape of what they read; httpx and botocore refuse an impossible address.
        raise SourceError(f"AWS answered or was given something impossible: {error!r}"[:300]) from None


_NO_CREDENTIALS: Final = (
    "there are no AWS credentials: set `access_key_id` and `secret_access_key`, or a `profile`, or run where the "
    "machine has a role"
)
