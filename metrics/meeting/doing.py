"""What is done about a line already: a thing that moved and its action must not contradict each other untold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from metrics.meeting.sections.verdicts import judged_sentence, standing
from metrics.meeting.setting import Setting
from metrics.review.actions import Action, actions
from metrics.review.judged import Accepted, accepted, by_urgency
from metrics.store import entries
from metrics.ui.words import t

__all__ = ["Doing", "doing"]

# Of one thing; the Actions page has the others.
MOST: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Doing:
    """The service's actions as they stand at the review, what asks for somebody first."""

    setting: Setting
    every: Sequence[Action]
    said: Mapping[str, Accepted]

    def about(self, lines: AbstractSet[str], subjects: AbstractSet[str]) -> tuple[str, ...]:
        """One sentence for each that is judged by one of these lines or comes from one of these subjects.

        What was written down in this very review is told among the new ones.
        """
        mine = [each for each in self.every if each.address in lines or each.why in subjects]
        return tuple(self._told(each) for each in mine if not self._is_past(each))[:MOST]

    def _is_past(self, action: Action) -> bool:
        """Given up, or judged for good before this review's time, or of this review."""
        said = self.said.get(action.id)
        is_judged = said is not None and said.is_final and said.at <= self.setting.window.start
        return bool(action.dropped) or is_judged or action.review == self.setting.review

    def _told(self, action: Action) -> str:
        said = self.said.get(action.id)
        if said is not None and said.is_final:
            return t("Action: {told}.", told=judged_sentence(self.setting, action, said))
        return t("Action: {told}.", told=standing(self.setting, action, self.every))


def doing(setting: Setting) -> Doing:
    """By what was said up to the review."""
    by = max(setting.now, setting.window.end)
    words = [
        word for word in entries.latest_of(setting.db, ("action", "verdict"), setting.service.name) if word.at <= by
    ]
    said = accepted(words)
    return Doing(setting, by_urgency(actions(words), said, setting.today), said)
