"""Lines: one for each indicator of each component and part, ratios made of their counts."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.review.lines import address_of, by_series, curve, figure, lines, parse_address
from tests.review import made


def _rows(frame):
    return {int(row["series_id"]): row for row in frame.to_dict("records")}


def test_an_address_is_read_back_even_when_a_part_has_slashes():
    for parts in (("web", None, "latency"), ("web", "/jobs/export", "latency"), ("db", "writer", "cpu")):
        assert parse_address(address_of(*parts)) == parts


def test_lines_come_by_component_then_in_the_catalogues_order_then_by_part():
    frame = made.series(
        [
            (1, "web", None, "cpu"),
            (2, "web", "/b", "latency"),
            (3, "web", "/a", "latency"),
            (4, "db", None, "cpu"),
            (5, "db", None, "unheard of"),
        ]
    )
    found = [line.address for line in lines(frame, made.INDICATORS)]
    assert found == ["db/cpu", "web//a/latency", "web//b/latency", "web/cpu"]


def test_the_catalogue_says_which_of_two_sources_is_believed():
    cpu = made.indicator("cpu", sources=("cloudwatch", "host"))
    frame = made.series(
        [(1, "db", None, "cpu", "host"), (2, "db", None, "cpu", "cloudwatch"), (3, "db", None, "cpu", "files")]
    )
    assert [line.ids for line in lines(frame, {"cpu": cpu})] == [(2,)]


def test_without_a_word_from_the_catalogue_whoever_spoke_last_is_believed():
    old = made.WEEK.start
    frame = made.series([(1, "db", None, "cpu", "a"), (2, "db", None, "cpu", "b", old)])
    assert [line.ids for line in lines(frame, made.INDICATORS)] == [(1,)]


def test_a_source_is_believed_by_its_kind_whatever_it_is_called():
    cpu = made.indicator("cpu", sources=("cloudwatch", "host"))
    frame = made.series([(1, "db", None, "cpu", "host"), (2, "db", None, "cpu", "aws-tokyo")])
    assert [line.source for line in lines(frame, {"cpu": cpu})] == ["host"]
    assert [line.source for line in lines(frame, {"cpu": cpu}, {"aws-tokyo": "cloudwatch"})] == ["aws-tokyo"]


def test_each_sources_line_is_there_to_lay_them_side_by_side():
    rows = [(1, "db", None, "cpu", "a"), (2, "db", None, "cpu", "b"), (3, "web", None, "cpu", "a")]
    found = lines(made.series(rows), made.INDICATORS, each_source=True)
    assert [(line.ids, line.source, line.has_rivals) for line in found] == [
        ((1,), "a", True), ((2,), "b", True), ((3,), "a", False),
    ]  # fmt: skip


def test_a_ratio_is_made_of_counts_of_one_source_where_there_is_one():
    rows = [
        (1, "web", None, "errors", "a"), (2, "web", None, "requests", "a"),
        (3, "web", None, "errors", "b"), (4, "web", None, "requests", "c"),
    ]  # fmt: skip
    rate = next(line for line in lines(made.series(rows), made.INDICATORS) if line.is_ratio)
    assert rate.ids == (1, 2)
    rate = next(line for line in lines(made.series(rows[2:]), made.INDICATORS) if line.is_ratio)
    assert rate.ids == (3, 4)


def test_old_data_in_longer_periods_is_drawn_before_the_finer_and_not_mixed_into_a_figure():
    frame = made.series([(1, "web", None, "cpu"), (2, "web", None, "cpu", "files", made.WEEK.start)])
    frame.loc[frame["series_id"] == 2, "period_s"] = 3600
    (line,) = lines(frame, made.INDICATORS)
    assert (line.ids, line.reads, line.period_s) == ((1,), (1, 2), 300)
    both = by_series(made.buckets({1: [None, None, 30], 2: [10, 20, 25]}))
    assert curve(line, both).values.tolist() == [10, 20, 30]
    assert curve(line, by_series(made.buckets({2: [10, 20, 25]}))).values.tolist() == [10, 20, 25]
    assert figure(line, _rows(made.period({1: {"mean": 30}, 2: {"mean": 10}}))) == 30
    assert figure(line, _rows(made.period({2: {"mean": 10}}))) == 10


def test_a_ratio_is_made_of_its_counts_even_where_a_ready_made_one_is_stored():
    frame = made.series([(1, "web", None, "errors"), (2, "web", None, "requests"), (3, "web", None, "error_rate")])
    rate = next(line for line in lines(frame, made.INDICATORS) if line.indicator.name == "error_rate")
    assert rate.ids == (1, 2)
    figures = _rows(made.period({1: {"sum": 5}, 2: {"sum": 1000}, 3: {"mean": 42}}))
    assert figure(rate, figures) == 0.5


@pytest.mark.parametrize(("figures", "expected"), [({2: {"sum": 1000}}, 0.0), ({1: {"sum": 5}}, None), ({}, None)])
def test_no_errors_among_requests_is_0_but_no_requests_is_no_figure(figures, expected):
    frame = made.series([(1, "web", None, "errors"), (2, "web", None, "requests")])
    rate = next(line for line in lines(frame, made.INDICATORS) if line.is_ratio)
    assert figure(rate, _rows(made.period(figures))) == expected


def test_a_figure_is_what_the_rollup_says():
    frame = made.series([(1, "web", None, "latency"), (2, "web", None, "cpu"), (3, "web", None, "requests")])
    figures = _rows(made.period({n: {"mean": 10, "p95": 95, "sum": 1000} for n in (1, 2, 3)}))
    found = {line.indicator.name: figure(line, figures) for line in lines(frame, made.INDICATORS)}
    assert found == {"latency": 95, "cpu": 10, "requests": 1000}


def test_a_curve_keeps_gaps_and_the_spikes_in_its_buckets():
    frame = made.series([(1, "web", None, "cpu")])
    (line,) = lines(frame, made.INDICATORS)
    drawn = curve(line, by_series(made.buckets({1: [10, None, 30]})))
    assert drawn.values.tolist() == [10, 30]
    assert drawn.high.tolist() == [11, 31]
    assert np.diff(drawn.ts).tolist()[0].total_seconds() == 7200
    assert curve(line, {}) is None


def test_a_ratios_curve_is_a_ratio_of_sums_and_has_no_point_without_a_denominator():
    frame = made.series([(1, "web", None, "errors"), (2, "web", None, "requests")])
    rate = next(line for line in lines(frame, made.INDICATORS) if line.is_ratio)
    drawn = curve(rate, by_series(made.buckets({1: [1, None, 3], 2: [100, 50, 0]})))
    assert drawn.values.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("better", "expected"), [("lower", 9), ("higher", 1)])
def test_of_ready_made_ratios_the_worst_is_shown_since_their_mean_would_be_wrong(better, expected):
    ready = made.indicator("ready", rollup="ratio", better=better, numerator="errors", denominator="requests")
    (line,) = lines(made.series([(1, "web", None, "ready")]), {"ready": ready})
    assert figure(line, _rows(made.period({1: {"mean": 4, "min": 1, "max": 9}}))) == expected
