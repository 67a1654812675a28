"""Suspects in words: what they are called, what speaks for and against them."""

from __future__ import annotations

from datetime import timedelta

from metrics.model import Window
from metrics.review.suspects.suspect import KINDS, Suspect
from metrics.review.suspects.words import KIND_NAMES, TEMPLATES
from metrics.ui import spikes_words
from metrics.ui.spikes_words import suspect_name, when
from tests.review.made import START
from tests.review.test_beside import LATENCY, moved


def suspect(**fields: object) -> Suspect:
    return Suspect(**({"kind": "access", "title": "/jobs/*", "component": "web", "part": None, "share": 0.5, "score": 0.6}
                      | fields))  # fmt: skip


def test_a_name_is_what_it_is_whatever_it_means_to_markdown():
    assert suspect_name(suspect()) == r"access · web **/jobs/\***"
    assert suspect_name(suspect(component=None)) == r"access · **/jobs/\***"
    assert suspect_name(suspect(title="web", component="web")) == "access · **web**"


def test_a_name_leads_to_its_source_if_a_browser_may_follow_it():
    assert suspect_name(suspect(title="5", url="https://ci.example/a(b)")).endswith(
        "[web **5**](https://ci.example/a%28b%29)"
    )
    assert "javascript" not in suspect_name(suspect(url="javascript:alert(1)"))


def test_every_kind_has_a_name():
    assert set(KIND_NAMES) == set(KINDS)
    assert all(TEMPLATES.values())


def test_a_window_is_told_by_its_bounds_and_its_length():
    def told(minutes: int) -> str:
        return when(Window(START, START + timedelta(minutes=minutes)), "UTC", START)

    assert told(69) == "Mon 16 Nov, 00:00 – 01:09 (69 min)"
    assert told(60 * 30) == "Mon 16 Nov, 00:00 – Tue 17 Nov, 06:00 (30 h)"


def test_a_line_is_told_by_whose_it_is_and_what_it_measures():
    assert spikes_words.name_of(moved("web", LATENCY, "/jobs").line) == "web /jobs · Latency p95"
    assert spikes_words.change_of(moved("web", LATENCY)) == "+100 %"
