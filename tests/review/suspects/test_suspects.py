"""Who is suspected, who is refused and why, in scenes whose answer is known."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.model import Window
from metrics.review.suspects.rank import suspicion
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.suspect import Suspect
from metrics.review.suspects.words import KIND_NAMES, TEMPLATES
from tests.review.suspects.scenes import CPU, HOUR, ONSET, deployments, event, scene

BUSY = {("db", "writer", "cpu"): (85.0, 40.0)}
CALM_CALLS = {("web", "/jobs", "calls"): (1000.0, 1000.0), ("web", "/export", "calls"): (5.0, 5.0)}
MINUTE = timedelta(minutes=1)


def refused(told: Scene, kind: str) -> Suspect:
    return next(each for each in suspicion(told).ruled_out if each.kind == kind)


def why(told: Scene, kind: str) -> str:
    return refused(told, kind).against[0].code


def test_an_endpoint_called_ten_times_as_often_is_the_access():
    told = suspicion(scene(BUSY | CALM_CALLS | {("web", "/export", "calls"): (60.0, 5.0)}))
    assert told.first is not None
    assert (told.first.kind, told.first.part, told.first.share) == ("access", "/export", 1.0)
    reason = told.first.reasons[0]
    assert reason.code == "calls_beyond_usual"
    assert reason.values["now"] == pytest.approx(720)
    assert reason.values["usual"] == pytest.approx(60, rel=0.02)


def test_endpoints_of_one_component_that_grew_alike_are_one_client():
    calls = {("api", part, "calls"): (2200.0, 1000.0) for part in ("/a", "/b")}
    told = suspicion(scene(BUSY | {("web", "/jobs", "calls"): (9000.0, 9000.0)} | calls))
    assert told.first is not None
    assert (told.first.kind, told.first.component, told.first.part) == ("access", "api", None)


def test_when_everything_is_called_more_it_is_demand_and_nobodys_access():
    calls = {("web", part, "calls"): (1900.0, 1000.0) for part in ("/a", "/b", "/c")}
    told = suspicion(scene(BUSY | calls))
    assert told.first is not None
    assert told.first.kind == "demand"
    assert "access" not in [each.kind for each in told.suspects]


def test_access_as_usual_is_ruled_out():
    assert why(scene(BUSY | CALM_CALLS), "access") == "no_endpoint_more"
    assert why(scene(BUSY | CALM_CALLS), "demand") == "requests_as_usual"


def test_nobody_is_an_answer():
    assert suspicion(scene(BUSY | CALM_CALLS)).suspects == ()


def test_a_deployment_of_the_component_shortly_before_is_suspected():
    told = suspicion(scene(BUSY | CALM_CALLS, deployments("db", ONSET - 5 * MINUTE)))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].values["id"]) == ("deployment", "suspected")
    assert (told.first.reasons[0].code, told.first.reasons[0].values["lag_s"]) == ("deployed_before", 300)


def test_trouble_that_began_while_it_was_deployed_began_with_it():
    told = suspicion(scene(BUSY | CALM_CALLS, deployments("db", ONSET)))
    assert told.first is not None
    assert told.first.reasons[0].code == "deployed_then"


def test_a_deployment_of_another_component_is_suspected_less():
    mine = suspicion(scene(BUSY, deployments("db", ONSET - 5 * MINUTE))).suspects[0]
    other = suspicion(scene(BUSY, deployments("mail", ONSET - 5 * MINUTE))).suspects[0]
    assert other.score < mine.score
    assert "other_component" in [each.code for each in other.against]


def test_what_began_before_the_deployment_is_not_its_doing():
    late = deployments("db", ONSET + 50 * MINUTE)
    assert why(scene(BUSY, late), "deployment") == "not_new"


def test_what_was_over_before_the_deployment_was_done_is_not_its_doing():
    slow = [*deployments("db", ONSET - timedelta(days=3)), event("deployment", "db", ONSET, 90)]
    assert why(scene(BUSY, slow), "deployment") == "over_before"


def test_what_passed_at_once_is_not_a_deployments_doing():
    short = Window(ONSET, ONSET + 5 * MINUTE)
    told = scene(BUSY, deployments("db", ONSET - 5 * MINUTE), windows=[short])
    assert why(told, "deployment") == "transient"


def test_with_too_few_deployments_before_nobody_can_tell():
    told = scene(BUSY, deployments("db", ONSET - 5 * MINUTE, earlier=2))
    assert why(told, "deployment") == "too_few_before"


def test_what_is_usual_after_deployments_is_no_news():
    rolled = deployments("db", ONSET - 5 * MINUTE)
    high = [Window(each.ended_at, each.ended_at + timedelta(minutes=45)) for each in rolled[:-1]]
    assert why(scene(BUSY, rolled, high=high), "deployment") == "usual_after"


def test_a_deployment_that_the_incident_names_is_not_refused():
    said = event("incident", "db", ONSET, 60, attrs={"caused_by_deployment": "suspected"})
    told = suspicion(scene(BUSY, [*deployments("db", ONSET - 5 * MINUTE, earlier=0), said]))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].code) == ("deployment", "incident_names")
    assert told.first.score > 0.9


def test_staging_breaks_nobodys_production():
    staged = deployments("db", ONSET - 5 * MINUTE, attrs={"environment": "staging"})
    assert all(each.kind != "deployment" for each in suspicion(scene(BUSY, staged)).suspects)


def runs(nights: int, **last: object) -> list:
    """A job that runs at the same time each day, the last one during the trouble."""
    days = [ONSET - timedelta(days=n) for n in range(nights, -1, -1)]
    told = [event("batch_run", "nightly", at, 60, title="matching", attrs={"job": "matching"}) for at in days[:-1]]
    fields = {"title": "matching", "attrs": {"job": "matching"}} | last
    return [*told, event("batch_run", "nightly", days[-1], 60, **fields)]


def test_a_job_that_runs_every_night_without_trouble_is_ruled_out():
    told = scene(BUSY, runs(10))
    assert why(told, "batch_run") == "runs_without"


def test_a_job_that_does_it_each_night_is_what_makes_the_time_of_day():
    every = runs(10)
    high = [Window(each.started_at, each.ended_at) for each in every[:-1]]
    told = suspicion(scene({("db", "writer", "cpu"): (85.0, 85.0)}, every, kind="window", high=high))
    assert told.first is not None
    assert (told.first.kind, told.first.title) == ("batch_run", "matching")
    assert "each_run" in [each.code for each in told.first.reasons]


def test_a_run_that_failed_is_not_like_the_others():
    told = suspicion(scene(BUSY, runs(10, status="failed")))
    assert told.first is not None
    assert "run_failed" in [each.code for each in told.first.reasons]


def test_a_node_without_data_is_a_fault_while_the_others_speak():
    nodes = {("eks", node, "cpu"): (50.0, 50.0) for node in ("a", "b", "c")}
    told = suspicion(scene(BUSY | nodes | {("eks", "b", "cpu"): (np.nan, 50.0)}))
    assert told.first is not None
    assert (told.first.kind, told.first.part, told.first.reasons[0].code) == ("infra", "b", "fell_silent")


def test_when_all_nodes_are_silent_it_is_the_collection():
    nodes = {("eks", node, "cpu"): (np.nan, 50.0) for node in ("a", "b", "c")}
    assert why(scene(BUSY | nodes), "infra") == "source_silent"


def test_what_stands_at_its_bound_is_suspected():
    told = suspicion(scene({("db", "writer", "cpu"): (99.0, 40.0)} | CALM_CALLS))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].code) == ("infra", "at_bound")


def test_memory_that_emptied_is_a_restart():
    told = suspicion(scene(BUSY | {("cache", "001", "memory"): (40.0, 70.0)}))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].code) == ("infra", "emptied")


def test_an_alert_that_fires_each_night_says_nothing():
    fired = [event("alert", "db", ONSET - timedelta(days=n), 60, title="db CPU over 75 %") for n in range(20)]
    assert why(scene(BUSY, fired), "infra") == "fires_often"


def test_mail_that_falls_while_people_come_as_usual_was_held_back():
    lines = ["mail/mail.sent"]
    told = suspicion(scene({("mail", None, "sent"): (100.0, 900.0)} | CALM_CALLS, lines=lines))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].code) == ("quota", "sends_fell")


def test_a_full_quota_is_suspected():
    told = suspicion(scene(BUSY | {("mail", None, "used"): (99.0, 60.0)}))
    assert told.first is not None
    assert (told.first.kind, told.first.reasons[0].code) == ("quota", "at_limit")


def test_another_cause_in_the_incident_speaks_against():
    said = event("incident", "db", ONSET, 60, title="the disk broke", attrs={"cause": "infra"})
    told = suspicion(scene(BUSY, [*deployments("db", ONSET - 5 * MINUTE), said]))
    assert told.first is not None
    assert told.first.kind == "infra"
    blamed = next(each for each in told.suspects if each.kind == "deployment")
    assert "incident_says_other" in [each.code for each in blamed.against]


def test_what_meets_few_of_the_jumps_is_suspected_less():
    windows = [Window(HOUR.start - timedelta(days=n), HOUR.end - timedelta(days=n)) for n in (2, 1, 0)]
    whole = scene(BUSY, deployments("db", ONSET - 5 * MINUTE))
    some = scene(BUSY, deployments("db", ONSET - 5 * MINUTE), windows=windows, lines=[CPU])
    assert suspicion(some).suspects == () or suspicion(some).suspects[0].score < suspicion(whole).suspects[0].score


def test_growth_is_held_against_the_growth_of_demand():
    month = Window(ONSET - timedelta(weeks=4), ONSET)
    grown = {("db", "writer", "cpu"): (60.0, 50.0), ("web", None, "calls"): (1200.0, 1000.0)}
    told = suspicion(scene(grown, windows=[month], kind="drift"))
    assert told.first is not None
    assert (told.first.kind, told.first.share) == ("demand", pytest.approx(1.0))


def test_each_code_has_its_words_and_each_gap_its_value():
    used: dict[str, set[str]] = {}
    for path in Path("metrics/review/suspects").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                code = ast.literal_eval(node.args[0])
                mine = node.args[1].keys if len(node.args) > 1 and isinstance(node.args[1], ast.Dict) else []
                used.setdefault(code, set()).update(ast.literal_eval(key) for key in mine)
    assert set(used) == set(TEMPLATES)
    for code, names in used.items():
        if names:
            assert set(re.findall(r"\{(\w+)\}", TEMPLATES[code])) <= names, code
    assert len(KIND_NAMES) == 6
