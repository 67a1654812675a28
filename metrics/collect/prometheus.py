"""prometheus: whatever PromQL can ask of Prometheus, Thanos, Mimir or VictoriaMetrics.

The queries stand with the components in a service's file. Each is evaluated at the end of every step on the clock,
and its value is stored at the step's start: with `rate(…[{step}])` it is about exactly that step.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Final

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator

from metrics import catalog
from metrics.collect import Sign
from metrics.collect._prometheus.pieces import answered
from metrics.collect._prometheus.question import Answer, Question, wrong_number
from metrics.collect._prometheus.reply import Refusal
from metrics.collect._prometheus.server import Server
from metrics.collect.address import HeaderSecret, address, for_a_header
from metrics.collect.target import Several, filled
from metrics.collect.target import Target as AnyTarget
from metrics.config import Duration, duration
from metrics.errors import TomoniError
from metrics.model import Coverage, Points, Window
from metrics.quantity import UNITS, parse_quantity

__all__ = ["BACKFILL", "RECOLLECT", "RECOLLECT_DAILY", "SLICE", "Query", "Settings", "Target", "check", "collect"]

# Prometheus keeps 15 days unless told otherwise, Thanos, Mimir and VictoriaMetrics months.
BACKFILL = timedelta(days=90)
# A Prometheus that can't deliver (remote write) holds on to two hours and sends them late. It is also what a step of
# an hour needs: a run sees a bucket only once it is over, and only if it began within the window.
RECOLLECT = timedelta(hours=2)
# What was filled in afterwards (recording rules, out-of-order samples): all of yesterday, once a day.
RECOLLECT_DAILY = timedelta(hours=26)
SLICE = timedelta(days=7)

LONGEST_STEP = timedelta(hours=1)
LONGEST_DELAY = RECOLLECT - LONGEST_STEP
_NAMES: Final = re.compile(r"\{[A-Za-z_]\w*\}", re.ASCII)


def _step(written: object) -> timedelta:
    step = duration(written)
    if LONGEST_STEP % step:
        raise ValueError(f"{written} does not divide an hour; write 1m, 5m, 15m or 1h")
    return step


_Step = Annotated[timedelta, BeforeValidator(_step)]


class Query(BaseModel, frozen=True, extra="forbid"):
    """One PromQL expression, and the indicator that it measures."""

    indicator: str
    query: str = Field(min_length=1)
    part: Annotated[tuple[str, ...], Several] = ()
    """The label that names the part, or several; a query without returns one series."""
    unit: str | None = None
    """What its values are in, such as ms or MiB; the indicator's own when absent."""
    step: _Step | None = None

    @field_validator("indicator")
    @classmethod
    def _is_measured(cls, name: str) -> str:
        try:
            indicator = catalog.load().get(name)
        except TomoniError as error:
            raise ValueError(str(error)) from None
        if indicator.rollup == "ratio":
            raise ValueError(
                f"{name} is worked out from {indicator.numerator} and {indicator.denominator}; ask for those instead"
            )
        return name

    @model_validator(mode="after")
    def _unit_fits(self) -> Query:
        unit = catalog.load().get(self.indicator).unit
        if self.unit is not None and self.unit not in UNITS[unit]:
            valid = ", ".join(each for each in UNITS[unit] if each)
            raise ValueError(f"unit {self.unit!r} does not fit {self.indicator}; use one of {valid}")
        return self


class Target(AnyTarget, frozen=True, extra="forbid", populate_by_name=True):
    """What to ask for a component."""

    queries: tuple[Query, ...] = Field(min_length=1)
    """Several with their keys, or in short `indicator: query`."""
    fills: Mapping[str, str] = Field(default={}, alias="with")
    """What stands for `{name}` in the queries, beside `{component}`, `{service}`, `{step}` and `{seconds}`."""

    @field_validator("queries", mode="before")
    @classmethod
    def _long_form(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            return written
        return [
            {"indicator": name, **(each if isinstance(each, Mapping) else {"query": each})}
            for name, each in written.items()
        ]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Where the server is, who asks, and how finely."""

    base_url: str
    """What stands before /api/v1."""
    username: str | None = None
    password: SecretStr | None = None
    token: HeaderSecret | None = None
    tenant: Annotated[str, AfterValidator(for_a_header)] | None = None
    """Mimir's X-Scope-OrgID."""
    step: _Step = timedelta(minutes=5)
    delay: Duration = timedelta(minutes=1)
    """How long a step is left alone after its end, since samples are under way."""
    targets: tuple[Target, ...] = ()

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, written: str) -> str:
        address(written, such_as="https://prometheus.example.com", login="it under username and password")
        return written.rstrip("/").removesuffix("/api/v1")

    @field_validator("delay")
    @classmethod
    def _is_asked_for_again(cls, delay: timedelta) -> timedelta:
        if delay > LONGEST_DELAY:
            raise ValueError("is longer than an hour, after which nobody would ask again; write 1h or less")
        return delay

    @model_validator(mode="after")
    def _one_login(self) -> Settings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.token is not None:
            raise ValueError("either token, or username and password: not both")
        seen = set[tuple[str, str, str, bool]]()
        for question in _questions(self):
            key = (question.service, question.component, question.indicator.name, bool(question.labels))
            if key in seen:
                kind = "with `part`" if key[-1] else "without `part`"
                raise ValueError(f"{question.about} has two queries {kind}; keep one")
            seen.add(key)
        return self


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Coverage]:
    """Asks one query after the other.

    What is said of an indicator without a part is about its queries as a whole, also where they are by part.
    """
    server = _server(settings, http)
    for questions in _by_indicator(settings):
        answers = list[Answer]()
        for question in questions:
            answer = yield from answered(server, question, window, settings.delay.total_seconds())
            answers.append(answer)
        for span in _worst(answers):
            yield span.coverage(questions[0], None)


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Asks each query for its present. Raises SourceError where the server can't be used at all."""
    server, wrong = _server(settings, http), 0
    questions = list(_questions(settings))
    for question in questions:
        for sign in _sign(server, question):
            wrong += sign.state == "wrong"
            yield sign
    if not questions:
        yield from _reached(server)
    host, version = httpx.URL(settings.base_url).host, server.about("buildinfo").get("version")
    called = f"{host} answers{f' (version {version})' if version else ''}"
    if not wrong:
        yield Sign("fine", f"{called}: {len(questions):,} quer{'y' if len(questions) == 1 else 'ies'}")
    if retention := server.about("runtimeinfo").get("storageRetention"):
        yield Sign("note", f"it keeps {retention}; the first run asks for {BACKFILL.days} days")


def _sign(server: Server, question: Question) -> Iterator[Sign]:
    reply = server.at_present(question.promql)
    if isinstance(reply, Refusal):
        unfilled = ", ".join(_NAMES.findall(question.promql))
        hint = f"; nothing fills in {unfilled}: name it under `with`" if unfilled else ""
        yield Sign("wrong", reply.detail + hint, question.about)
    elif wrong := wrong_number(question, reply.lines):
        yield Sign("wrong", wrong, question.about)
    elif not reply.lines:
        yield Sign("note", "the query finds nothing now: are its names right?", question.about)
    elif reply.missing:
        yield Sign("note", reply.missing, question.about)


def _reached(server: Server) -> Iterator[Sign]:
    reply = server.at_present("vector(1)")
    if isinstance(reply, Refusal):
        yield Sign("wrong", reply.detail)
    yield Sign("note", "no component uses it: name it under `use` in a service's file, with `queries`")


def _server(settings: Settings, http: httpx.Client) -> Server:
    headers, secrets = dict[str, str](), list[str]()
    if settings.tenant is not None:
        headers["X-Scope-OrgID"] = settings.tenant
    if settings.token is not None:
        secrets.append(settings.token.get_secret_value())
        headers["Authorization"] = f"Bearer {secrets[0]}"
    if settings.username is not None and settings.password is not None:
        password = settings.password.get_secret_value()
        login = base64.b64encode(f"{settings.username}:{password}".encode()).decode()
        secrets += [password, login]
        headers["Authorization"] = f"Basic {login}"
    return Server(http, settings.base_url, headers, tuple(secrets))


def _questions(settings: Settings) -> Iterator[Question]:
    for target in settings.targets:
        for query in target.queries:
            indicator, step = catalog.load().get(query.indicator), query.step or settings.step
            seconds = int(step.total_seconds())
            names = {"component": target.component, "service": target.service}
            names |= {"step": f"{seconds}s", "seconds": f"{seconds}", **target.fills}
            yield Question(
                service=target.service,
                component=target.component,
                indicator=indicator,
                promql=filled(query.query, names),
                labels=query.part,
                factor=1.0 if query.unit is None else parse_quantity(f"1 {query.unit}", indicator.unit),
                step=seconds,
            )


def _by_indicator(settings: Settings) -> Iterable[list[Question]]:
    """The questions about one indicator of one component together: the one about the whole before that by part."""
    found: dict[tuple[str, str, str], list[Question]] = {}
    for question in sorted(_questions(settings), key=lambda each: bool(each.labels)):
        found.setdefault((question.service, question.component, question.indicator.name), []).append(question)
    return found.values()


def _worst(answers: list[Answer]) -> Answer:
    """The first that says something is wrong, else the first."""
    wrong = (answer for answer in answers if any(span.state not in ("complete", "empty") for span in answer))
    return next(wrong, answers[0])
