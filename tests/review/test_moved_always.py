"""Lines that are asked about are told even where they behaved as ever."""

from __future__ import annotations

from datetime import timedelta

from metrics.model import Window
from metrics.review.moved import moved
from tests.review.made import START
from tests.review.test_beside import CPU, LATENCY, curve
from tests.review.test_beside import moved as made

WINDOW = Window(START + timedelta(hours=12), START + timedelta(hours=15))


def test_a_line_that_did_not_move_is_told_if_it_is_asked_about():
    steady, risen = made("web", LATENCY).line, made("db", CPU).line
    curves = {steady.address: curve(*[5.0] * 15), risen.address: curve(*[5.0, 6.0] * 6, 50, 51, 52)}
    assert [each.line for each in moved([steady, risen], curves, WINDOW)] == [risen]
    told = moved([steady, risen], curves, WINDOW, always={steady.address})
    assert [(each.line, each.score > 0) for each in told] == [(risen, True), (steady, False)]
