"""A person's word about a cause, on its way from the store into the figures."""

from __future__ import annotations

from datetime import UTC, datetime

from metrics.model import Entry
from metrics.review.delivery.causes import Verdict
from metrics.review.delivery.verdicts import about, verdicts

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_what_is_kept_of_a_verdict_reads_as_that_verdict():
    subject = ("shop", "incident", "a/b")
    for deployment, cause in (("deploy-7", None), (None, "quota")):
        kept = Entry(AT, "Mika", "cause", "shop", about(subject), {"deployment": deployment, "cause": cause})
        assert verdicts([kept]) == {subject: Verdict(deployment, "Mika", cause, AT)}


def test_what_was_taken_back_is_no_verdict():
    assert verdicts([Entry(AT, "Mika", "cause", "shop", "deployment/deploy-8", None)]) == {}
