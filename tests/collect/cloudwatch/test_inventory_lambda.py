"""Lambda: functions as AWS describes them; moto has no account settings, where the limits are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metrics.collect._cloudwatch.inventory import Inventory
from tests.collect.cloudwatch.moto_account import account, dimensions, inventory, moto, refuse, row, stubbed, target

LINES = [
    ("faas.invocations", "Invocations", "Sum", ""),
    ("faas.errors", "Errors", "Sum", "0 with Invocations"),
    ("faas.throttles", "Throttles", "Sum", "0 with Invocations"),
    ("faas.duration.p95", "Duration", "p95", "x 0.001"),
    ("faas.concurrency", "ConcurrentExecutions", "Maximum", ""),
]
STREAM = ("faas.iterator.age", "IteratorAge", "Maximum", "x 0.001")
DEAD = ("faas.dead_letters.failed", "DeadLetterErrors", "Sum", "0 with Invocations")
SHARED = ("faas.concurrency.utilization", "UnreservedConcurrentExecutions", "Maximum", "of 900")
LIMITS = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}


def arn(name: str) -> str:
    return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"


def function(name: str, **rest: object) -> dict[str, object]:
    return {"FunctionName": name, "FunctionArn": arn(name), "MemorySize": 512, "Timeout": 30, **rest}


def found(
    keys: Mapping[str, object],
    functions: list[dict[str, object]],
    reserved: Mapping[str, int | None],
    sources: list[dict[str, str]] | None = None,
    settings: bool = True,
) -> Inventory:
    """The inventory of an account with these functions, two a page."""
    it = account(moto())
    answers: list[Any] = []
    for n in range(0, len(functions), 2):
        asked = {"Marker": str(n)} if n else {}
        more = {"NextMarker": str(n + 2)} if n + 2 < len(functions) else {}
        answers.append(("list_functions", asked, {"Functions": functions[n : n + 2], **more}))
    answers.append(("list_event_source_mappings", {}, {"EventSourceMappings": sources or []}))
    for name, own in reserved.items():
        reply = {} if own is None else {"ReservedConcurrentExecutions": own}
        answers.append(("get_function_concurrency", {"FunctionName": name}, reply))
        if own is None and settings:
            answers.append(("get_account_settings", {}, LIMITS))
            settings = False
    with stubbed(it, "lambda", *answers):
        return inventory(target("parser", **keys), of=it)


def test_a_function_without_a_reserve_uses_what_all_share():
    it = found({"function": "parser"}, [function("parser")], {"parser": None})
    assert [row(metric) for metric in it.metrics] == [(None, *each) for each in (*LINES, SHARED)]
    (shared,) = [metric for metric in it.metrics if metric.indicator == "faas.concurrency.utilization"]
    assert shared.dimensions == ()
    assert it.snapshots[0].values == {
        "memory": 512 * 2**20, "timeout_s": 30, "concurrent_executions": 1000, "unreserved_concurrent_executions": 900,
    }  # fmt: skip


def test_a_function_with_a_reserve_uses_its_own():
    it = found({"function": "parser"}, [function("parser")], {"parser": 50})
    own = ("faas.concurrency.utilization", "ConcurrentExecutions", "Maximum", "of 50")
    assert [row(metric) for metric in it.metrics] == [(None, *each) for each in (*LINES, own)]
    assert dimensions(it) == {("AWS/Lambda", (("FunctionName", "parser"),))}
    assert it.snapshots[0].values["reserved_concurrent_executions"] == 50


def test_a_function_that_is_switched_off_has_no_share_of_nothing():
    it = found({"function": "parser"}, [function("parser")], {"parser": 0})
    (fault,) = it.faults
    assert (fault.indicators, fault.state) == (("faas.concurrency.utilization",), "empty")
    assert fault.detail == "parser has no concurrency reserved (0), so it is switched off"


def test_several_are_parts_read_from_all_pages_and_the_limits_once():
    rows = [function("a"), function("b"), function("c")]
    it = found({"lambda_functions": ["a", "c"]}, rows, {"a": None, "c": None})
    assert [row(metric)[:2] for metric in it.metrics if metric.indicator.startswith("faas.concurrency.")] == [
        ("a", "faas.concurrency.utilization"), ("c", "faas.concurrency.utilization"),
    ]  # fmt: skip
    assert {metric.part for metric in it.metrics} == {"a", "c"}


def test_only_what_reads_a_stream_lags_and_only_what_has_a_dead_letter_queue_loses():
    queue = {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"}}
    sources = [
        {"FunctionArn": arn("a"), "EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"},
        {"FunctionArn": arn("b"), "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:work"},
    ]
    rows = [function("a"), function("b", **queue)]
    it = found({"lambda_functions": ["a", "b"]}, rows, {"a": 1, "b": 1}, sources)
    assert [row(metric) for metric in it.metrics if metric.indicator not in {each[0] for each in LINES}] == [
        ("a", *STREAM),
        ("b", *DEAD),
        ("a", "faas.concurrency.utilization", "ConcurrentExecutions", "Maximum", "of 1"),
        ("b", "faas.concurrency.utilization", "ConcurrentExecutions", "Maximum", "of 1"),
    ]


def test_one_that_is_not_there_is_missed_beside_those_that_are():
    it = found({"lambda_functions": ["parser", "resizr"]}, [function("parser"), function("resizer")], {"parser": 1})
    (fault,) = it.faults
    assert (fault.part, fault.state) == ("resizr", "failed")
    assert fault.detail == "there is no function `resizr` in eu-west-1; did you mean resizer?"
    assert "faas.invocations" in fault.indicators
    assert {metric.part for metric in it.metrics} == {"parser"}


def test_without_permission_for_the_limits_the_rest_is_asked_for():
    it = account(moto())
    stub = refuse(it, "lambda")
    stub.add_response("list_functions", {"Functions": [function("parser")]})
    for operation in ("list_event_source_mappings", "get_function_concurrency"):
        said = f"User: arn:aws:iam::123456789012:user/tomoni is not authorized to perform: lambda:{operation}"
        stub.add_client_error(operation, "AccessDeniedException", said, 403)
    found = inventory(target("parser", function="parser"), of=it)
    assert [row(metric)[1:] for metric in found.metrics] == LINES
    (fault,) = found.faults
    assert (fault.indicators, fault.state) == (("faas.concurrency.utilization",), "forbidden")
    assert [(sign.state, sign.said.split()[0]) for sign in found.signs()] == [
        ("fine", "function:"), ("wrong", "lambda:get_function_concurrency"), ("wrong", "lambda:list_event_source_mappings"),
    ]  # fmt: skip
