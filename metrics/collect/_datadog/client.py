"""datadog-api-client over our polite client: Datadog's own code writes and reads, this only carries the bytes.

The client's own retries stay off. They wait for X-RateLimit-Reset only, know neither a budget nor a size, and would
multiply with ours: metrics.collect.http tries six times as it is.
"""

# The client has types for its models, and none for its functions.
# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

import httpx
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import (
    ApiException,
    ForbiddenException,
    NotFoundException,
    OpenApiException,
    ServiceException,
    UnauthorizedException,
)
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.metrics_api import MetricsApi
from datadog_api_client.v2.model.metrics_aggregator import MetricsAggregator
from datadog_api_client.v2.model.metrics_data_source import MetricsDataSource
from datadog_api_client.v2.model.metrics_scalar_query import MetricsScalarQuery
from datadog_api_client.v2.model.metrics_timeseries_query import MetricsTimeseriesQuery
from datadog_api_client.v2.model.query_formula import QueryFormula
from datadog_api_client.v2.model.scalar_formula_query_request import ScalarFormulaQueryRequest
from datadog_api_client.v2.model.scalar_formula_request import ScalarFormulaRequest
from datadog_api_client.v2.model.scalar_formula_request_attributes import ScalarFormulaRequestAttributes
from datadog_api_client.v2.model.scalar_formula_request_queries import ScalarFormulaRequestQueries
from datadog_api_client.v2.model.scalar_formula_request_type import ScalarFormulaRequestType
from datadog_api_client.v2.model.timeseries_formula_query_request import TimeseriesFormulaQueryRequest
from datadog_api_client.v2.model.timeseries_formula_request import TimeseriesFormulaRequest
from datadog_api_client.v2.model.timeseries_formula_request_attributes import TimeseriesFormulaRequestAttributes
from datadog_api_client.v2.model.timeseries_formula_request_queries import TimeseriesFormulaRequestQueries
from datadog_api_client.v2.model.timeseries_formula_request_type import TimeseriesFormulaRequestType

from metrics.collect._datadog.question import Question
from metrics.collect._datadog.refusal import ForbiddenError, RefusedError, refused_in_a_200, said_in
from metrics.collect._datadog.reply import Line, scalar_lines, timeseries_lines
from metrics.collect.http import RETRIED, wait_asked_for
from metrics.errors import SourceError
from metrics.model import Window

__all__ = ["Datadog"]

T = TypeVar("T")
_RAISED: Final[Mapping[int, type[ApiException]]] = {
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
}

# When an endpoint may be asked again, for each run: the limits belong to the account and outlive one window.
_free_at: Final[WeakKeyDictionary[httpx.Client, dict[str, float]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the client expects of urllib3."""

    status: int
    reason: str
    data: bytes
    headers: Mapping[str, str]


class _Carrier:
    """Stands where the client has its urllib3 pool."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.limits: Mapping[str, str] = {}
        """What the last reply said of its rate limit."""

    def request(
        self,
        method: str,
        url: str,
        query_params: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        post_params: object = None,
        preload_content: bool = True,  # noqa: FBT001, FBT002 - the client's own signature
        request_timeout: object = None,
    ) -> _Reply:
        """Raises what the client raises for a reply that is no 2xx, and SourceError for a 200 that is none."""
        pauses = _free_at.setdefault(self._http, {})
        path = urlsplit(url).path
        if (left := pauses.pop(path, 0.0) - time.monotonic()) > 0:
            time.sleep(left)
        content = None if body is None else json.dumps(body).encode("utf-8")
        whole = url + ("?" + urlencode(query_params) if query_params else "")
        reply = self._http.request(method, whole, headers=dict(headers or {}), content=content)
        self.limits = {
            name: value for name, value in reply.headers.items() if name.startswith("x-ratelimit-")
        }  # fmt: skip
        if self.limits.get("x-ratelimit-remaining", "").strip() == "0":
            # The last request of its period: the next one would be refused, and cost a try.
            pauses[path] = time.monotonic() + (wait_asked_for(reply.headers) or 0.0)
        return _accepted(_Reply(reply.status_code, reply.reason_phrase, _utf8(reply), dict(reply.headers)))


def _utf8(reply: httpx.Response) -> bytes:
    """An error page may be in any encoding; the client decodes it as UTF-8 and would fail on it."""
    return reply.content if reply.is_success else reply.text.encode("utf-8")


def _accepted(reply: _Reply) -> _Reply:
    if not 200 <= reply.status <= 299:
        raise _RAISED.get(reply.status, ServiceException if reply.status >= 500 else ApiException)(http_resp=reply)
    try:
        body = json.loads(reply.data)
    except ValueError:
        start = reply.data[:80].decode("utf-8", "replace")
        raise SourceError(f"Datadog answered something that is no JSON: {start!r}; is `host` right?") from None
    if refused := refused_in_a_200(body):
        raise refused
    return reply


class _Client(ApiClient):
    def __init__(self, configuration: Configuration, http: httpx.Client) -> None:
        self.carrier = _Carrier(http)
        super().__init__(configuration)

    def _build_rest_client(self) -> Any:  # noqa: ANN401 - stands where the client has a class of its own
        return self.carrier


class Datadog:
    """One account, asked with one pair of keys."""

    def __init__(self, base_url: str, api_key: str, app_key: str, http: httpx.Client) -> None:
        # With a host given, the client ignores DD_SITE of the environment, which would otherwise win.
        keys = {"apiKeyAuth": api_key, "appKeyAuth": app_key}
        self._client = _Client(Configuration(host=base_url, api_key=keys), http)
        self._metrics = MetricsApi(self._client)
        self._keys, self._base_url = (api_key, app_key), base_url

    @property
    def limits(self) -> Mapping[str, str]:
        """The headers about the rate limit of the last reply."""
        return self._client.carrier.limits

    def timeseries(self, questions: Sequence[Question], window: Window) -> list[list[Line]]:
        """The series that each question brings for a window, in the order of the questions."""
        start, end = _milliseconds(window)
        queries = [
            MetricsTimeseriesQuery(data_source=MetricsDataSource.METRICS, name=name, query=query)
            for name, query in _named_queries(questions)
        ]
        attributes = TimeseriesFormulaRequestAttributes(
            _from=start,
            to=end,
            interval=questions[0].period_s * 1000,
            queries=TimeseriesFormulaRequestQueries(queries),
            formulas=_formulas(questions),
        )
        request = TimeseriesFormulaRequest(attributes, TimeseriesFormulaRequestType.TIMESERIES_REQUEST)
        body = TimeseriesFormulaQueryRequest(data=request)
        return self._answered(lambda: timeseries_lines(self._metrics.query_timeseries_data(body), len(questions)))

    def scalar(self, question: Question, window: Window) -> list[Line]:
        """One figure of each series for the window, stamped with its start."""
        start, end = _milliseconds(window)
        queries = [
            MetricsScalarQuery(
                aggregator=MetricsAggregator(question.aggregator),
                data_source=MetricsDataSource.METRICS,
                name=name,
                query=query,
            )
            for name, query in _named_queries([question])
        ]
        attributes = ScalarFormulaRequestAttributes(
            _from=start, to=end, queries=ScalarFormulaRequestQueries(queries), formulas=_formulas([question])
        )
        request = ScalarFormulaRequest(attributes, ScalarFormulaRequestType.SCALAR_REQUEST)
        body = ScalarFormulaQueryRequest(data=request)
        return self._answered(lambda: scalar_lines(self._metrics.query_scalar_data(body), start // 1000))

    def refuse_unknown_key(self) -> None:
        """Raises SourceError where Datadog does not know the API key."""
        try:
            valid = AuthenticationApi(self._client).validate().get("valid", False)
        except (UnauthorizedException, ForbiddenException):
            valid = False
        except ApiException as error:
            raise self._failed(error) from None
        if not valid:
            raise SourceError(
                f"Datadog at {self._base_url} does not know the API key: check `api_key`, and that `site` is the one "
                "it belongs to",
                retryable=False,
            )

    def _answered(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ForbiddenException as error:
            self.refuse_unknown_key()
            raise ForbiddenError(self._clean(said_in(error.body))) from None
        except UnauthorizedException as error:
            raise SourceError(
                f"Datadog at {self._base_url} does not accept the keys: check `api_key` and `app_key`, and that "
                f"`site` is the one they belong to ({self._clean(said_in(error.body))})",
                retryable=False,
            ) from None
        except ApiException as error:
            raise self._failed(error) from None
        except SourceError as error:
            error.args = (self._clean(str(error)),)
            raise
        except (OpenApiException, TypeError, ValueError, LookupError, AttributeError) as error:
            # What the client can't read it refuses with any of these.
            raise RefusedError(f"Datadog answered what can't be read: {self._clean(str(error))[:200]}") from None

    def _failed(self, error: ApiException) -> SourceError:
        said = self._clean(said_in(error.body))
        if error.status == 429:
            name = self.limits.get("x-ratelimit-name", "")
            return SourceError(
                f"Datadog's rate limit{f' {name}' if name else ''} is reached, and waiting did not help; the next "
                "run goes on from here"
            )
        if error.status in RETRIED:
            return SourceError(f"Datadog at {self._base_url} answers {error.status} again and again: {said}")
        if error.status == 404 or 300 <= error.status <= 399:
            return SourceError(
                f"Datadog at {self._base_url} answers {error.status}: are `site` and `host` right? {said}".strip(),
                retryable=False,
            )
        return RefusedError(f"Datadog refuses the query ({error.status}): {said}", retryable=False)

    def _clean(self, text: str) -> str:
        for key in self._keys:
            text = text.replace(key, "…")
        return text


def _formulas(questions: Sequence[Question]) -> list[QueryFormula]:
    """For each question its formula over the names of its queries."""
    return [QueryFormula(formula=each.expression.formula(_names(n, each))) for n, each in enumerate(questions)]


def _named_queries(questions: Sequence[Question]) -> Iterator[tuple[str, str]]:
    for number, each in enumerate(questions):
        yield from zip(_names(number, each), each.expression.queries, strict=True)


def _names(number: int, question: Question) -> tuple[str, ...]:
    return tuple(f"q{number}m{index}" for index in range(len(question.expression.queries)))


def _milliseconds(window: Window) -> tuple[int, int]:
    return round(window.start.timestamp() * 1000), round(window.end.timestamp() * 1000)
