"""What caused what, and a person's word on it: at most two clicks, and one to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from metrics.model import Entry
from metrics.review.delivery.causes import Link, Subject, Verdict
from metrics.review.delivery.deployments import Deployment
from metrics.review.delivery.report import EnvironmentDelivery
from metrics.review.delivery.verdicts import CAUSES, about, subject_of
from metrics.ui import author
from metrics.ui.delivery_loading import Seen
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.happened import linked
from metrics.ui.speaking import Fields, draw_rival, say
from metrics.ui.words import counted, moment, quantity, t

__all__ = ["draw", "waiting"]

# More than these at once is no list that anybody answers.
SHOWN = 8
# Deployments to choose the cause from: the last ones before it was felt.
CANDIDATES = 40
METHODS = {
    "explicit": "stated by the source",
    "rollback": "rolled back",
    "revert": "reverted",
    "hotfix": "hotfixed",
    "time": "same component, shortly before",
}
NO_CHANGE = {
    "infrastructure": "Infrastructure fault",
    "quota": "Quota or limit",
    "traffic": "Access or traffic",
    "other": "Something else",
}


def waiting(of: EnvironmentDelivery) -> int:
    """How many links nobody has reviewed."""
    return sum(link.state == "unreviewed" for link in of.links)


def draw(here: Frame, seen: Seen, of: EnvironmentDelivery) -> None:
    """Links that wait for a review, newest first, then all others."""
    if not of.links:
        return
    deployments = seen.delivery.deployments
    links = sorted(of.links, key=lambda link: _when(link, deployments), reverse=True)
    just = st.session_state.get("judged", ())
    open_ = [link for link in links if link.state == "unreviewed" or subject_of(link, deployments) in just]
    rest = [link for link in links if link not in open_]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(t("Causes"), anchor=False, width="content")
        st.caption(_told(of), width="content")
        st.space("stretch")
        author.ask(here.who, t("Your name, to judge"))
    rows = _Rows(here, deployments, of.environment)
    for link in open_[:SHOWN]:
        rows.draw(link)
    if len(open_) > SHOWN:
        more = counted("{n} more waits.", "{n} more wait.", len(open_) - SHOWN)
        st.caption(t("{more} The next ones show as these are answered.", more=more))
    if rest:
        title = counted("{n} other incident or mending deployment", "{n} other incidents and mending deployments",
                        len(rest))  # fmt: skip
        others = st.expander(title, on_change="rerun", key="other-causes")
        if others.open:
            with others:
                for link in rest[: 5 * SHOWN]:
                    rows.draw(link)


def _told(of: EnvironmentDelivery) -> str:
    n = waiting(of)
    if not n:
        return t("All are reviewed or stated by a source.")
    return counted(
        "{n} is only suspected and makes change fail rate a range.",
        "{n} are only suspected and make change fail rate a range.",
        n,
    )


def _judge(subject: Subject, seen: datetime | None, fields: Fields | None) -> None:
    """Callback. What was judged on this visit stays in view, though it waits no more."""
    say("cause", about(subject), fields, seen)
    st.session_state["judged"] = {*st.session_state.get("judged", ()), subject}


def _choose(subject: Subject, seen: datetime | None, key: str) -> None:
    chosen: Deployment | None = st.session_state[key]
    if chosen is not None:
        _judge(subject, seen, {"deployment": chosen.id, "cause": None})


def _worded(word: Entry) -> str:
    """Somebody's word, beside another one's."""
    said = word.said
    if said is None:
        return t("taken back")
    if said.get("deployment"):
        return t("caused by {deployment}", deployment=escaped(said["deployment"] or ""))
    return t(NO_CHANGE.get(said.get("cause") or "", "Something else"))


class _Rows:
    """One row a link: what is known, then what can be said of it."""

    def __init__(self, here: Frame, deployments: Sequence[Deployment], environment: str) -> None:
        self._here = here
        self._all = deployments
        mine = (each for each in deployments if each.environment == environment and each.reached_users)
        self._candidates = sorted(mine, key=lambda each: each.started, reverse=True)

    def draw(self, link: Link) -> None:
        subject = subject_of(link, self._all)
        name, who = "/".join(subject), self._here.who
        seen = link.verdict.at if link.verdict else None
        draw_rival(self._here, "cause", about(subject), _worded)
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"cause-{name}"):
            st.markdown(self._said(link), width="stretch")
            if link.state != "confirmed" and link.deployment is not None:
                blamed = {"deployment": self._all[link.deployment].id, "cause": None}
                author.button(who, t("Confirm"), f"confirm-{name}", _judge, subject, seen, blamed, kind="primary")
            with st.popover(t("Another deployment …"), disabled=not who):
                self._others(link, subject, seen, f"choose-{name}")
            with st.popover(t("No change …"), disabled=not who):
                for cause in CAUSES:
                    none = {"deployment": None, "cause": cause}
                    author.button(who, t(NO_CHANGE[cause]), f"{cause}-{name}", _judge, subject, seen, none)
            if link.verdict is not None:
                author.button(who, t("Undo"), f"undo-{name}", _judge, subject, seen, None, kind="tertiary")

    def _others(self, link: Link, subject: Subject, seen: datetime | None, key: str) -> None:
        felt = _when(link, self._all)
        before = [each for each in self._candidates if each.started <= felt][:CANDIDATES]
        st.selectbox(
            t("The deployment that caused it"),
            before,
            index=None,
            format_func=lambda each: f"{each.id} · {each.version or each.title} · {self._at(each.finished)}",
            placeholder=t("Choose the deployment"),
            key=key,
            on_change=_choose,
            args=(subject, seen, key),
        )

    def _said(self, link: Link) -> str:
        return f"{self._what(link)} {self._why(link)}"

    def _what(self, link: Link) -> str:
        """What is to be explained: an incident, or a deployment that mended something."""
        incident = link.incident
        if incident is None:
            place = link.remedy if link.remedy is not None else link.deployment
            if place is None:
                return ""
            mending = self._all[place]
            return f"{_linked(mending.id, mending.url)} · {self._at(mending.finished)}"
        lasted = t("not over") if incident.ended is None else quantity(incident.ended - incident.started, "s")
        title = escaped(incident.title)
        return f"{_linked(incident.id, incident.url)} {title} · {self._at(incident.started)}, {lasted}"

    def _why(self, link: Link) -> str:
        verdict = link.verdict
        if link.state == "rejected":
            cause = t(NO_CHANGE.get(verdict.cause or "", "Something else") if verdict else "Something else").lower()
            return f":gray[{t('· caused by no change: {cause}', cause=cause)}{_by(verdict)}]"
        if link.deployment is None:
            named = escaped(link.named or "")
            why = t("· names {named}, which is not known", named=named) if named else t("· no deployment found")
            return f":gray[{why}]"
        blamed = self._all[link.deployment]
        how = t("confirmed") if verdict else t(METHODS[link.method or "time"])
        verb = t("mended") if link.incident is None else t("caused by")
        sure = "" if link.state == "confirmed" else "?"
        about = f"{escaped(blamed.version or '')} · {how}{_by(verdict)}"
        return f":gray[· {verb}] {_linked(blamed.id, blamed.url)}{sure} :gray[{about}]"

    def _at(self, seconds: float) -> str:
        return moment(datetime.fromtimestamp(seconds, UTC), self._here.zone, self._here.now)


def _when(link: Link, deployments: Sequence[Deployment]) -> float:
    if link.incident is not None:
        return link.incident.started
    place = link.remedy if link.remedy is not None else link.deployment
    return deployments[place].finished if place is not None else 0.0


def _by(verdict: Verdict | None) -> str:
    return "" if verdict is None else t(", says {who}", who=escaped(verdict.by))


def _linked(name: str, url: str | None) -> str:
    return linked(f"**{escaped(name)}**", url)
