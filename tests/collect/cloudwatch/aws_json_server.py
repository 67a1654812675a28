"""CloudWatch and STS as AWS's models describe them, where moto does not: it refuses what AWS refuses.

Real signatures, periods and retention by age, buckets on the clock, pages, percentiles, and faults on demand.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET = "AKIAEXAMPLE", "shh-this-is-the-planted-secret-key"
USER = "arn:aws:iam::123456789012:user/tomoni"
EC2 = "2016-11-15"
JSON = "application/x-amz-json-1.0"
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
STAT = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p(100|\d{1,2}(\.\d{1,10})?)")
MOST_QUERIES, MOST_POINTS = 500, 100_800
# How old a period's data may become, by AWS's model of GetMetricData.
KEPT = ((60, timedelta(days=15)), (300, timedelta(days=63)), (3600, timedelta(days=455)))

Line = Callable[[str, int, int], float | None]
"""(statistic, start of the bucket, period) → its value."""
Answer = Callable[[Mapping[str, str]], str]
"""The form of a call of the query protocol → XML."""
JsonAnswer = Callable[[Mapping[str, Any]], Mapping[str, object]]
"""What a call of the JSON protocol asks → what it is answered."""


@dataclass(frozen=True)
class Fault:
    """What the next request gets instead of its answer."""

    status: int = 200
    body: bytes = b"{}"
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0
    cut: bool = False


class RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Cloud:
    """One account. What a test sets here changes the answers."""

    lines: dict[tuple[str, str, tuple[tuple[str, str], ...]], Line] = field(default_factory=dict)
    """By namespace, metric and dimensions: other dimensions are another metric."""
    default: Line | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    """More calls of the query protocol: `DescribeDBClusters`."""
    json_answers: dict[str, JsonAnswer] = field(default_factory=dict)
    """More calls of the JSON protocol: `DescribeImages`."""
    ahead: timedelta = timedelta(0)
    """How far AWS's clock is ahead of this machine's."""
    now: datetime | None = None
    """What data's age is counted from; the clock's time when absent."""
    date: datetime | None = None
    """What its answers are dated with; the clock's time when absent."""
    keys: dict[str, str] = field(default_factory=lambda: {KEY: SECRET})
    expired: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    statuses: dict[str, list[str]] = field(default_factory=dict)
    """By metric: how its next answers end; half of the values are missing from all but a Complete one."""
    faults: list[Fault | None] = field(default_factory=list)
    """What the next requests get; None lets one pass."""
    page: int = MOST_POINTS
    calls: list[tuple[str, Any]] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    url: str = ""
    after: ExitStack = field(default_factory=ExitStack)
    """What to close with it."""

    def get_metric_data(self, asked: Mapping[str, Any]) -> Mapping[str, object]:
        """The whole answer, then the page that the token names."""
        start, end = self._checked(asked)
        results = [self._result(query, start, end) for query in asked["MetricDataQueries"]]
        most = min(asked.get("MaxDatapoints", MOST_POINTS), self.page)
        skip, page, left = int(asked.get("NextToken", 0)), [], most
        for result in results:
            at, values = result["Timestamps"][skip:], result["Values"][skip:]
            skip = max(0, skip - len(result["Timestamps"]))
            page.append({**result, "Timestamps": at[:left], "Values": values[:left]})
            if len(at) > left:
                page[-1]["StatusCode"] = "PartialData"
            left = max(0, left - len(at))
        sent = sum(len(result["Values"]) for result in page)
        self.points.append(sent)
        total = int(asked.get("NextToken", 0)) + sent
        more = {"NextToken": str(total)} if total < sum(len(each["Values"]) for each in results) else {}
        return {"MetricDataResults": page, "Messages": [], **more}

    def _checked(self, asked: Mapping[str, Any]) -> tuple[int, int]:
        queries = asked["MetricDataQueries"]
        ids = [query["Id"] for query in queries]
        wrong = [
            (len(queries) > MOST_QUERIES, f"at most {MOST_QUERIES} queries"),
            (asked.get("MaxDatapoints", 1) > MOST_POINTS, f"MaxDatapoints is at most {MOST_POINTS}"),
            (asked["StartTime"] >= asked["EndTime"], "StartTime must be less than EndTime"),
            (len(set(ids)) < len(ids), "Ids must be unique"),
            (not all(ID.fullmatch(each) for each in ids), "Id must match ^[a-z][a-zA-Z0-9_]*$"),
        ]
        wrong += [
            (query["MetricStat"]["Period"] % 60 != 0, f"Period {query['MetricStat']['Period']}") for query in queries
        ]
        wrong += [(not STAT.fullmatch(query["MetricStat"]["Stat"]), "Stat") for query in queries]
        wrong += [
            (not all(each["Value"].isascii() for each in query["MetricStat"]["Metric"]["Dimensions"]), "Dimensions")
            for query in queries
        ]
        for is_wrong, what in wrong:
            if is_wrong:
                raise RefusedError(400, "ValidationError", f"The parameter is not valid: {what}")
        return int(asked["StartTime"]), int(asked["EndTime"])

    def _result(self, query: Mapping[str, Any], start: int, end: int) -> dict[str, Any]:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric["Dimensions"]))
        line = self.lines.get((metric["Namespace"], metric["MetricName"], dimensions), self.default)
        period, age = stat["Period"], (self.now or datetime.now(UTC)).timestamp() - start
        kept = next((finest for finest, longest in KEPT if age <= longest.total_seconds()), None)
        points: list[tuple[int, float]] = []
        if line and kept and period % kept == 0:
            starts = range(start - start % period, end, period)
            found = ((at, line(stat["Stat"], at, period)) for at in starts)
            points = [(at, value) for at, value in found if value is not None]
        status = "Complete"
        if waiting := self.statuses.get(metric["MetricName"]):
            status = waiting.pop(0)
        if status != "Complete":
            points = points[: len(points) // 2] if status == "PartialData" else []
        at, values = [each for each, _ in points], [value for _, value in points]
        messages = [{"Code": status, "Value": "said by the test"}] if status != "Complete" else []
        return {"Id": query["Id"], "StatusCode": status, "Timestamps": at, "Values": values, "Messages": messages}

    def form(self, action: str, form: Mapping[str, str]) -> str:
        """The answer to a call of the query protocol."""
        if action == "GetCallerIdentity":
            return f"<Arn>{USER}</Arn><Account>123456789012</Account><UserId>AIDA</UserId>"
        if action == "AssumeRole":
            name = f"ASIA{len(self.keys)}"
            self.keys[name] = f"secret-of-{name}"
            return (
                f"<Credentials><AccessKeyId>{name}</AccessKeyId><SecretAccessKey>{self.keys[name]}</SecretAccessKey>"
                "<SessionToken>token</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
            )
        if action in self.answers:
            return self.answers[action](form)
        raise RefusedError(400, "InvalidAction", f"{action} is unknown here")

    def authorise(self, handler: BaseHTTPRequestHandler, body: bytes, action: str) -> None:
        """As AWS does: the key, the clock, the signature, the session, the permission."""
        given = re.search(
            r"Credential=([^/]+)/\d+/([\w-]+)/(\w+)/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)",
            handler.headers.get("Authorization", ""),
        )
        if given is None:
            raise RefusedError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        key, region, service, signed, signature = given.groups()
        if key not in self.keys:
            raise RefusedError(403, "UnrecognizedClientException", "The security token included is invalid.")
        date = handler.headers["X-Amz-Date"]
        theirs, mine = datetime.strptime(date, "%Y%m%dT%H%M%S%z"), datetime.now(UTC) + self.ahead
        if abs(theirs - mine) > timedelta(minutes=5):
            said = f"Signature expired: {date} is now earlier than {mine:%Y%m%dT%H%M%SZ} (- 5 min.)"
            raise RefusedError(403, "InvalidSignatureException", said)
        headers = {name: handler.headers[name] for name in signed.split(";")}
        request = AWSRequest(handler.command, f"http://{handler.headers['Host']}{handler.path}", headers, body)
        request.context["timestamp"] = date
        auth = SigV4Auth(Credentials(key, self.keys[key]), service, region)
        text = auth.string_to_sign(request, _canonical(auth, request, signed))
        if auth.signature(text, request) != signature:
            said = "The request signature we calculated does not match the signature you provided."
            raise RefusedError(403, "SignatureDoesNotMatch", said)
        if key in self.expired:
            raise RefusedError(403, "ExpiredTokenException", "The security token included in the request is expired")
        if f"{service}:{action}" in {each.replace("cloudwatch:", "monitoring:") for each in self.denied}:
            name = f"{service}:{action}".replace("monitoring:", "cloudwatch:")
            said = f"User: {USER} is not authorized to perform: {name} because no identity-based policy allows it"
            raise RefusedError(403, "AccessDenied" if service == "sts" else "AccessDeniedException", said)


def _canonical(auth: SigV4Auth, request: AWSRequest, signed: str) -> str:
    """botocore's canonical request over the headers that were signed, not over all that it would sign itself."""
    lines = [request.method, auth._normalize_url_path(request.url.partition("//")[2].partition("/")[2] or "/"), ""]
    lines += [f"{name}:{' '.join(request.headers[name].split())}" for name in signed.split(";")]
    return "\n".join([*lines, "", signed, auth.payload(request)])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def cloud(self) -> Cloud:
        return self.server.cloud  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "")
        form = {} if target else {name: values[0] for name, values in parse_qs(body.decode()).items()}
        action = target.rpartition(".")[2] or form.get("Action", "")
        self.cloud.calls.append((action, form or json.loads(body or b"{}")))
        if self.cloud.faults and (fault := self.cloud.faults.pop(0)):
            self._fail(fault)
            return
        try:
            self.cloud.authorise(self, body, action)
            self._say(action, form, body)
        except RefusedError as error:
            self._refuse(error, is_json=bool(target))

    def _say(self, action: str, form: Mapping[str, str], body: bytes) -> None:
        if action == "GetMetricData" and not form:
            self._send(200, json.dumps(self.cloud.get_metric_data(json.loads(body))).encode(), JSON)
            return
        if action in self.cloud.json_answers and not form:
            self._send(200, json.dumps(self.cloud.json_answers[action](json.loads(body))).encode(), JSON)
            return
        inner = self.cloud.form(action, form)
        if form.get("Version") != EC2:
            inner = f"<{action}Result>{inner}</{action}Result>"
        text = f"<{action}Response>{inner}</{action}Response>"
        self._send(200, text.encode(), "text/xml")

    def _refuse(self, error: RefusedError, *, is_json: bool) -> None:
        if is_json:
            text = json.dumps({"__type": f"com.amazonaws.cloudwatch#{error.code}", "message": str(error)})
        else:
            text = (
                f"<ErrorResponse><Error><Code>{error.code}</Code><Message>{error}</Message></Error></ErrorResponse>"
            )
        self._send(error.status, text.encode(), JSON if is_json else "text/xml")

    def _fail(self, fault: Fault) -> None:
        time.sleep(fault.seconds)
        if not fault.cut:
            self._send(fault.status, fault.body, fault.kind, fault.headers)
            return
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b'{"MetricDataResults": [')
        self.close_connection = True

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)
        date = (self.cloud.date or datetime.now(UTC)) + self.cloud.ahead
        mine = {"Date": format_datetime(date, usegmt=True), "Content-Type": kind}
        for name, value in {**mine, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # a client that ran out of patience
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def serve(cloud: Cloud) -> ThreadingHTTPServer:
    """Answers on a free port of this machine until it is shut down; `cloud.url` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.cloud = cloud  # type: ignore[attr-defined]
    server.daemon_threads = True
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


@contextmanager
def running(cloud: Cloud | None = None) -> Iterator[Cloud]:
    """An account for the length of a test."""
    cloud = cloud or Cloud()
    server = serve(cloud)
    try:
        yield cloud
    finally:
        cloud.after.close()
        server.shutdown()
        server.server_close()
