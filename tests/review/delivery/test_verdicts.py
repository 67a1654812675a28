"""A person's word about a cause, on its way from the store into the figures."""

from __future__ import annotations

from datetime import UTC, datetime

from metrics.model import Entry
from metrics.review.delivery.causes import Verdict
from metrics.review.delivery.verdicts import entry, verdicts

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_what_is_kept_of_a_verdict_reads_as_that_verdict():
    for verdict in (Verdict("deploy-7", "Mika", None, AT), Verdict(None, "Mika", "quota", AT)):
        kept = entry(("shop", "incident", "a/b"), verdict, AT, "Mika")
        assert kept.subject == "incident/a/b"
        assert verdicts([kept]) == {("shop", "incident", "a/b"): verdict}


def test_what_was_taken_back_is_no_verdict():
    kept = entry(("shop", "deployment", "deploy-8"), None, AT, "Mika")
    assert kept == Entry(AT, "Mika", "cause", "shop", "deployment/deploy-8", None)
    assert verdicts([kept]) == {}
