"""Queries as people write them, and what is asked in their place."""

from __future__ import annotations

import pytest

from metrics.collect._datadog.expression import Rollup, placed, taken_apart

AVG = Rollup("avg", 300)
COUNT = Rollup("sum", 300, as_count=True)


@pytest.mark.parametrize(
    ("query", "rollup", "asked"),
    [
        ("avg:system.cpu.user{*}", AVG, "avg:system.cpu.user{*}.rollup(avg, 300)"),
        ("system.cpu.user{host:a}", AVG, "system.cpu.user{host:a}.rollup(avg, 300)"),
        ("max:x.y{a:b} by {host}", Rollup("max", 60), "max:x.y{a:b} by {host}.rollup(max, 60)"),
        ("max:x.y{a:b}by{host, env}", AVG, "max:x.y{a:b}by{host, env}.rollup(avg, 300)"),
        ("p95:x{*}", Rollup(None, 300), "p95:x{*}.rollup(300)"),
        ("p99.9:x{*}", Rollup(None, 300), "p99.9:x{*}.rollup(300)"),
        ("sum:x{*}", COUNT, "sum:x{*}.as_count().rollup(sum, 300)"),
        ("sum:x{*} by {host}", COUNT, "sum:x{*} by {host}.as_count().rollup(sum, 300)"),
        ("sum:x{*}.as_count()", COUNT, "sum:x{*}.as_count().rollup(sum, 300)"),
        ("sum:x{*}.fill(zero)", COUNT, "sum:x{*}.as_count().fill(zero).rollup(sum, 300)"),
        ("avg:x{*}.rollup(max, 3600)", AVG, "avg:x{*}.rollup(max, 3600)"),
        ("avg:x{*}.rollup(max)", AVG, "avg:x{*}.rollup(max, 300)"),
        ("avg:x{*}.rollup(max).fill(null)", AVG, "avg:x{*}.rollup(max, 300).fill(null)"),
        ("p95:x{*}.rollup(60)", Rollup(None, 300), "p95:x{*}.rollup(60)"),
        ("avg:x{a:b AND (c:d OR e:f)}", AVG, "avg:x{a:b AND (c:d OR e:f)}.rollup(avg, 300)"),
        ("avg:x{!a:b,c:*}", AVG, "avg:x{!a:b,c:*}.rollup(avg, 300)"),
    ],
)
def test_a_roll_up_is_always_explicit(query: str, rollup: Rollup, asked: str) -> None:
    expression = taken_apart(query, rollup)
    assert expression.queries == (asked,)
    assert expression.formula(("q",)) == "q"
    assert not expression.is_arithmetic


@pytest.mark.parametrize(
    ("query", "formula"),
    [
        ("100 * (1 - avg:a{*})", "100 * (1 - q0)"),
        ("sum:a{x:y}.as_count() / sum:b{*}.as_count() * 100", "q0 / q1 * 100"),
        ("100 - avg:a{*} by {host}", "100 - q0"),
    ],
)
def test_arithmetic_becomes_a_formula(query: str, formula: str) -> None:
    expression = taken_apart(query, AVG)
    assert expression.formula(tuple(f"q{n}" for n in range(len(expression.queries)))) == formula
    assert expression.is_arithmetic
    assert all(each.endswith(".rollup(avg, 300)") for each in expression.queries)


def test_a_function_around_a_query_becomes_part_of_the_formula() -> None:
    expression = taken_apart("top(avg:a{*} by {host}, 10, 'mean-min', 'desc')", AVG)
    assert expression.queries == ("avg:a{*} by {host}.rollup(avg, 300)",)
    assert expression.formula(("q",)) == "top(q, 10, 'mean-min', 'desc')"
    assert not expression.is_arithmetic
    assert expression.tags == ("host",)


def test_it_knows_its_interval_and_its_tags() -> None:
    expression = taken_apart("avg:a{*} by {host,env}.rollup(avg, 3600)", AVG)
    assert (expression.interval_s, expression.tags) == (3600, ("host", "env"))
    assert taken_apart("avg:a{*}", AVG).interval_s == 300


@pytest.mark.parametrize(
    ("query", "rollup", "said"),
    [
        ("avg:system.cpu.user", AVG, "names no metric with a scope"),
        ("", AVG, "names no metric with a scope"),
        ("avg:x{host:a", AVG, "not closed"),
        ("avg:x{*}.rollup(avg, 300", AVG, "not closed"),
        ("avg:x{host:{nod}}", AVG, "has {nod} in it, which nothing fills in"),
        ("avg:x{*}.rollup(avg, 300) / avg:y{*}.rollup(avg, 600)", AVG, "rolls up to 300 s and to 600 s"),
        ("avg:x{*}.rollup(avg, 7000)", AVG, "rolls up to 7000 s; use an interval that divides a day"),
        ("avg:x{*}.rollup(avg, 0)", AVG, "rolls up to 0 s"),
        ("avg:x{*}.rollup(sum, daily)", AVG, "write its interval in seconds"),
        ("sum:x{*}.as_rate()", COUNT, "says .as_rate(), but what it brings is a count"),
    ],
)
def test_what_can_t_be_asked_is_refused(query: str, rollup: Rollup, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        taken_apart(query, rollup)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("avg:x{service:{component}}", "avg:x{service:web}"),
        ("avg:x{service:{component},env:{env}} by {host}", "avg:x{service:web,env:prod} by {host}"),
        ("avg:x{service:{service}} by {service}", "avg:x{service:jobs} by {service}"),
        ("avg:x{service:{service}} by { service,host }", "avg:x{service:jobs} by { service,host }"),
        ("avg:x{{env}}", "avg:x{prod}"),
        ("avg:x{host:{other}}", "avg:x{host:{other}}"),
        ("avg:x{*}", "avg:x{*}"),
    ],
)
def test_only_known_names_are_filled_in_and_never_the_tags_it_is_grouped_by(query: str, filled: str) -> None:
    assert placed(query, {"component": "web", "service": "jobs", "env": "prod"}) == filled
