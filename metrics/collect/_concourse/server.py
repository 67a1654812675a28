"""A Concourse: logs in, asks, and tells its own faults from refusals of one question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import httpx

from metrics.collect.redaction import redacted
from metrics.errors import SourceError

__all__ = ["Login", "RefusedError", "Server", "Token"]

# The public client that the command line `fly` logs in as; it is in Concourse's own source.
FLY: Final = ("fly", "Zmx5")
SCOPE: Final = "openid profile email federated:id groups"
# Of what a server says, as much as fits into a line.
LONGEST_WORDS = 160
# What is wrong with the server as a whole once all tries are spent; a 500 may be about one question.
_AWAY: Final = frozenset({429, 502, 503, 504})

Params = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Login:
    """A user whom Concourse itself or LDAP knows: others can't log in with a password alone."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Token:
    """What somebody else was given for logging in."""

    bearer: str


class RefusedError(SourceError):
    """One question was refused; others may be answered."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}{said}", retryable=status >= httpx.codes.INTERNAL_SERVER_ERROR)
        self.status, self.said = status, said


class Server:
    """Asks one Concourse, as one user or as nobody."""

    def __init__(self, http: httpx.Client, base_url: str, identity: Login | Token | None) -> None:
        self._http, self._base_url, self._identity = http, base_url, identity
        self._bearer = identity.bearer if isinstance(identity, Token) else None

    @property
    def host(self) -> str:
        return httpx.URL(self._base_url).host

    @property
    def who(self) -> str:
        """Whom a team's owner would have to let in."""
        if isinstance(self._identity, Login):
            return f"user {self._identity.username}"
        return "the token's user" if self._identity else "nobody"

    @property
    def is_anonymous(self) -> bool:
        return self._identity is None

    def get(self, path: str, params: Params = ()) -> object:
        """The JSON at the path. Raises RefusedError where only this is refused, SourceError for all else."""
        if isinstance(self._identity, Login) and self._bearer is None:
            self._log_in(self._identity)
        reply = self._sent(path, params)
        if reply.status_code == httpx.codes.UNAUTHORIZED and isinstance(self._identity, Login):
            # A bearer lives for a day, unless the server says otherwise.
            self._log_in(self._identity)
            reply = self._sent(path, params)
        return self._read(reply)

    def public(self, path: str) -> object:
        """The JSON at a path that anybody may read."""
        return self._read(self._http.get(f"{self._base_url}{path}"))

    def _sent(self, path: str, params: Params) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._bearer}"} if self._bearer else {}
        return self._http.get(f"{self._base_url}{path}", params=list(params), headers=headers)

    def _log_in(self, login: Login) -> None:
        form = {
            "grant_type": "password",
            "username": login.username,
            "password": login.password,
            "scope": SCOPE,
        }
        reply = self._http.post(f"{self._base_url}/sky/issuer/token", data=form, auth=FLY)
        if reply.status_code in (400, 401, 403):
            raise SourceError(
                f"{self.host} refuses the login of {login.username} ({reply.status_code}): check `username` and "
                "`password`; only local and LDAP users have one, others need `token`" + self._quoted(reply),
                retryable=False,
            )
        body = self._read(reply)
        bearer = body.get("access_token") if isinstance(body, dict) else None
        if not (isinstance(bearer, str) and bearer.isascii() and bearer.isprintable()):
            raise SourceError(f"{self.host} answered a login without a usable access_token: is `base_url` right?")
        self._bearer = bearer

    def _read(self, reply: httpx.Response) -> object:
        if reply.is_success:
            return self._json(reply)
        if reply.has_redirect_location:
            raise SourceError(
                f"{self.host} answered {reply.status_code}, a redirect, which is not followed: write `base_url` "
                "with https:// and the name that Concourse is reached by",
                retryable=False,
            )
        if reply.status_code == httpx.codes.UNAUTHORIZED and self._identity:
            raise SourceError(self._stale(), retryable=False)
        if reply.status_code in _AWAY:
            raise SourceError(f"{self.host} answered {reply.status_code} to every try{self._quoted(reply)}")
        raise RefusedError(reply.status_code, self._quoted(reply))

    def _json(self, reply: httpx.Response) -> object:
        try:
            return reply.json()
        except (ValueError, RecursionError):
            raise SourceError(
                f"{self.host} answered something that is not Concourse's JSON{self._quoted(reply)}; is `base_url` "
                "Concourse itself, and no login page?"
            ) from None

    def _stale(self) -> str:
        if isinstance(self._identity, Token):
            return (
                f"{self.host} does not accept the token (401): it has expired or was revoked. Make a new one with "
                "`fly -t NAME login`, and take it from ~/.flyrc (targets, NAME, token, value)"
            )
        return (
            f"{self.host} refuses what it has just given to {self.who} (401): do its web nodes share one signing key?"
        )

    def _quoted(self, reply: httpx.Response) -> str:
        """What the server said, as one short line that repeats no secret."""
        secrets = [self._bearer or ""]
        if isinstance(self._identity, Login):
            secrets.append(self._identity.password)
        words = redacted(" ".join(reply.text[:1_000].split()), filter(None, secrets))
        words = words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"
        return f": {words!r}" if words else ""
