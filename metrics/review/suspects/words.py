"""What a reason's code says in English. Pages put it through their language, with the values formatted.

Gaps hold what `Reason.values` has by that name: `share` as per cent, what ends in `_s` as a span, times on the
service's clock, `line` and `driver` by the line's title, `now` and `usual` of a line in its unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from metrics.review.suspects.suspect import SuspectKind

__all__ = ["KIND_NAMES", "TEMPLATES"]

KIND_NAMES: Mapping[SuspectKind, str] = {
    "access": "access",
    "batch_run": "batch run",
    "deployment": "deployment",
    "infra": "infrastructure",
    "quota": "quota or limit",
    "demand": "demand",
}

TEMPLATES: Mapping[str, str] = {
    # access
    "calls_beyond_usual": "{times} times as many calls as usual at that time: {now} an hour instead of {usual}",
    "in_windows": "in {met} of {of} of these times",
    "share_of_calls": "{share} of all the time that calls beyond the usual took",
    "other_windows": "not in {without} of {of} of these times",
    "days_without": "was as far beyond the usual {without} of {of} times earlier, without this trouble",
    "no_endpoint_more": "none of {endpoints} endpoints was called more than usual at that time",
    # demand
    "requests_beyond_usual": "{times} times as many calls as usual, at endpoints that have {share} of all calls",
    "requests_as_usual": "all calls together were {times} times the usual",
    "demand_grown": "{driver} at {times} times the level before, the line at {line_times} times",
    "demand_steady": "{driver} at {times} times the level before, the line at {line_times} times",
    # batch runs
    "running": "was running in {met} of {of} of these times",
    "each_run": "the line does the same in {alike} of {of} of the job's other runs",
    "run_failed": "the run failed",
    "ran_longer": "ran for {now_s}, usually {usual_s}",
    "more_rows": "{now} rows, usually {usual}",
    "too_few_runs": "only {have} other runs are known; it takes {needed} to say what is usual",
    "runs_without": "{without} of {of} of its other runs went without this trouble",
    # deployments
    "deployed_then": "began with the deployment {id}",
    "deployed_before": "began {lag_s} after the deployment {id}",
    "same_component": "of {component}, which is troubled",
    "mended_by": "was followed by {title} at {at}",
    "incident_names": "the incident “{title}” names {id}",
    "not_new": "the trouble began at {at}, the deployment at {deployed_at}",
    "over_before": "the trouble was over at {until}, the deployment was done at {deployed_at}",
    "transient": "the trouble lasted only {lasted_s}",
    "too_few_before": "only {have} earlier deployments of it are known; it takes {needed} to say what is usual",
    "usual_after": "the line does the same after {alike} of {of} of its earlier deployments",
    "nothing_unusual": "the line does the same at that time of other days",
    "other_component": "of {component}, which is not troubled",
    # infrastructure and quotas
    "incident_says": "the incident “{title}” of {at} says so",
    "alert_fired": "the alert “{title}” fired at {at}",
    "changed_before": "“{title}” was merged at {at}",
    "fires_often": "this alert fired {without} times in four weeks without this trouble",
    "fell_silent": "{part} gave no data",
    "source_silent": "{share} of what its source gives was missing: the collection, not the part",
    "emptied": "memory fell from {usual} to {now}, as after a restart",
    "checks_failed": "{line} at {now}",
    "at_bound": "{line} stood at {now} of {bound}, usually {usual}",
    "refused": "{line} at {now}",
    "at_limit": "{line} stood at {now} of {bound}",
    "sends_fell": "{share} of the usual mails were sent while use was as usual",
    # any
    "incident_says_other": "the incident “{title}” names another cause: {cause}",
    "weak": "too little speaks for it",
}
