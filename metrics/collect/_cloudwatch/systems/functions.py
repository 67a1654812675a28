"""Lambda: one function, or several as the parts of a component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Fault, Found, NoSuchThingError, refused
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = (
    "lambda:ListFunctions",
    "lambda:GetFunctionConcurrency",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
)

USED: Final = "faas.concurrency.utilization"
_LINES: Final = (
    Line("faas.invocations", "Invocations", "Sum"),
    Line("faas.errors", "Errors", "Sum", zero_with="Invocations"),
    Line("faas.throttles", "Throttles", "Sum", zero_with="Invocations"),
    Line("faas.duration.p95", "Duration", "p95", scale=0.001),
    Line("faas.concurrency", "ConcurrentExecutions", "Maximum"),
)
_RESERVED: Final = (Line(USED, "ConcurrentExecutions", "Maximum", used_of="reserved"),)
# What all functions without a reserve of their own share; it has no dimensions.
_SHARED: Final = (Line(USED, "UnreservedConcurrentExecutions", "Maximum", used_of="shared"),)
_STREAM: Final = (Line("faas.iterator.age", "IteratorAge", "Maximum", scale=0.001),)
_DEAD: Final = (Line("faas.dead_letters.failed", "DeadLetterErrors", "Sum", zero_with="Invocations"),)
# What is read in order, so that a function can lag behind it.
_STREAMS: Final = (":kinesis:", ":dynamodb:", ":kafka:")

INDICATORS: Final = (*indicators(*_LINES), USED)
"""What a function would have, to be answered for one that is not there."""


def found(reader: Reader, target: Target) -> Found:
    """The functions that the target names. Raises NoSuchThingError when none is there, RefusedError."""
    rows = {str(row["FunctionName"]): row for row in reader.rows("lambda", "list_functions", "Functions")}
    gone = {
        name: NoSuchThingError("function", name, reader.region, rows) for name in target.names if name not in rows
    }
    names = [name for name in target.names if name in rows]
    if not names:
        raise next(iter(gone.values()))
    faults = [
        Fault(target.service, target.component, name, INDICATORS, "failed", str(error))
        for name, error in gone.items()
    ]
    limits: dict[str, str | float | int | bool | None] = {}
    asked: list[Metric] = []
    streams, lacking = _streams(reader)
    for name in names:
        part = None if target.function else name
        place = Place(target, part, "AWS/Lambda", (("FunctionName", name),))
        asked += metrics(_of_function(rows[name], streams), place)
        memory = rows[name].get("MemorySize")
        limits |= {_key(part, "memory"): float(memory * 2**20)} if memory else {}
        limits |= {_key(part, "timeout_s"): rows[name]["Timeout"]} if rows[name].get("Timeout") else {}
    used = _Concurrency(reader, target)
    for name in names:
        used.look_at(name, None if target.function else name)
    faults += used.faults
    return Found(
        f"{len(names)} functions: {', '.join(names[:5])}" if len(names) > 1 else names[0],
        (*asked, *used.asked),
        {**limits, **used.limits},
        faults=tuple(faults),
        lacking=lacking,
    )


def _key(part: str | None, name: str) -> str:
    return f"{part}.{name}" if part else name


def _of_function(row: Row, streams: frozenset[str]) -> Iterator[Line]:
    yield from _LINES
    if row["FunctionArn"] in streams:
        yield from _STREAM
    if row.get("DeadLetterConfig", {}).get("TargetArn"):
        yield from _DEAD


def _streams(reader: Reader) -> tuple[frozenset[str], tuple[RefusedError, ...]]:
    """The functions that read a stream: others have no lag, and would be asked for it in vain."""
    try:
        rows = reader.rows("lambda", "list_event_source_mappings", "EventSourceMappings")
    except RefusedError as error:
        return frozenset(), (error,)
    return frozenset(
        str(row["FunctionArn"])
        for row in rows
        if any(each in str(row.get("EventSourceArn", "")) for each in _STREAMS)
    ), ()


class _Concurrency:
    """How much of its limit each function uses: of its own reserve, or of what all the others share."""

    def __init__(self, reader: Reader, target: Target) -> None:
        self._reader, self._target = reader, target
        self.asked: list[Metric] = []
        self.faults: list[Fault] = []
        self.limits: dict[str, str | float | int | bool | None] = {}

    def look_at(self, name: str, part: str | None) -> None:
        """Finds the limit of one function."""
        try:
            reply = self._reader.reply("lambda", "get_function_concurrency", FunctionName=name)
            reserved = reply.get("ReservedConcurrentExecutions")
            if reserved is None:
                self._shared(part)
            else:
                self._own(name, part, float(reserved))
        except RefusedError as error:
            self.faults.append(refused(error, self._target, part, (USED,)))

    def _own(self, name: str, part: str | None, reserved: float) -> None:
        self.limits[_key(part, "reserved_concurrent_executions")] = reserved
        if reserved > 0:
            place = Place(self._target, part, "AWS/Lambda", (("FunctionName", name),))
            self.asked += metrics(_RESERVED, place, {"reserved": reserved})
        else:
            said = f"{name} has no concurrency reserved (0), so it is switched off"
            self.faults.append(Fault.unknown(self._target, part, USED, said))

    def _shared(self, part: str | None) -> None:
        limit = self._reader.reply("lambda", "get_account_settings")["AccountLimit"]
        shared = float(limit["UnreservedConcurrentExecutions"])
        self.limits |= {
            "concurrent_executions": float(limit["ConcurrentExecutions"]),
            "unreserved_concurrent_executions": shared,
        }
        if shared > 0:
            self.asked += metrics(_SHARED, Place(self._target, part, "AWS/Lambda", ()), {"shared": shared})
