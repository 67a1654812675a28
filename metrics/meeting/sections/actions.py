"""New actions: what was written down in this review."""

from __future__ import annotations

from collections.abc import Sequence

from metrics import catalog
from metrics.meeting.setting import Setting
from metrics.review.actions import Action
from metrics.review.minutes import Section, Topic
from metrics.ui.finding_words import address_name
from metrics.ui.verdict_words import KINDS
from metrics.ui.words import day, quantity, t

__all__ = ["section"]


def section(setting: Setting, every: Sequence[Action]) -> Section:
    """In the order in which they were last changed, oldest first: as they came up in the review."""
    mine = [each for each in reversed(every) if each.review == setting.review and not each.dropped]
    nothing = "" if mine else t("None written down in this review yet.")
    return Section("actions", tuple(_topic(setting, each) for each in mine), nothing=nothing)


def _topic(setting: Setting, action: Action) -> Topic:
    return Topic(
        subject=f"action/{action.id}",
        section="actions",
        sentence=t("{what} (verdict due {day})", what=action.what, day=day(action.check)),
        owners=(action.owner,) if action.owner else (),
        tag=t(KINDS[action.kind]),
        detail=tuple(_detail(action)),
        started=action.started,
        page="actions",
        query={"service": setting.service.name, "action": action.id},
    )


def _detail(action: Action) -> list[str]:
    """What it comes from, and what it will be judged by."""
    told = [t("Why: {why}", why=action.why_sentence)] if action.why_sentence else []
    indicator = catalog.load().indicators.get(action.indicator)
    if indicator is not None and action.address is not None:
        goal = "" if action.target is None else t(", target {value}", value=quantity(action.target, indicator.unit))
        told.append(t("Judged by {name}{goal}.", name=address_name(action.address), goal=goal))
    return told
