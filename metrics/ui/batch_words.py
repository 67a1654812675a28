"""What the Batches page says in sentences: how the jobs ran, when slack runs out, why a job takes longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from metrics.model import Insufficient
from metrics.review.batch_beside import Beside
from metrics.review.batch_clock import Busy, Clock
from metrics.review.batches import FORECAST_WEEKS, Growth, Job, RunsOut, Slack
from metrics.review.period import Period, local_day
from metrics.ui.words import both, counted, day, day_range, number, quantity, share, span, t

__all__ = ["beside_means", "clock_means", "grows", "how_they_ran", "runs_out", "runs_out_briefly", "while_it_ran"]


def how_they_ran(jobs: Sequence[Job], period: Period, *, service: str) -> str:
    """One sentence: how many, what went wrong, and whose slack runs out first."""
    ran = [job for job in jobs if job.runs or job.missed]
    n = sum(job.runs for job in jobs)
    counts = [
        (sum(job.failed for job in jobs), "{n} failed", "{n} failed"),
        (sum(job.aborted for job in jobs), "{n} was aborted", "{n} were aborted"),
        (sum(job.retried or 0 for job in jobs), "{n} took another attempt", "{n} took another attempt"),
        (sum(job.late or 0 for job in jobs), "{n} ended after its deadline", "{n} ended after their deadlines"),
        (sum(job.missed for job in jobs), "{n} run was missed", "{n} runs were missed"),
        (sum(job.running for job in jobs), "{n} is under way", "{n} are under way"),
    ]
    if not any(count for count, _, _ in counts) and not n:
        return t("{service}, {days}: no run is known.", service=service, days=day_range(period.window, period.zone))
    told = [f"**{counted(one, many, count)}**" for count, one, many in counts if count]
    sentence = t(
        "{service}, {days}: {jobs} ran {runs}",
        service=service,
        days=day_range(period.window, period.zone),
        jobs=counted("{n} job", "{n} jobs", len(ran)),
        runs=counted("once", "{n} times", n),
    )
    sentence += f"; {both(told)}." if told else f", {t('and all went well')}." if n else "."
    return " ".join(part for part in (sentence, _first_to_run_out(jobs)) if part)


def _first_to_run_out(jobs: Sequence[Job]) -> str:
    near = [(job.slack.runs_out, job.key) for job in jobs if job.slack and job.slack.runs_out]
    known = [(out.weeks, key) for out, key in near if out is not None and out.is_near]
    if not known:
        return ""
    weeks, key = min(known)
    if weeks == 0:
        return t("**{job}** has no slack left.", job=key)
    return t("At this pace the slack of **{job}** runs out {soon}.", job=key, soon=_soon(weeks))


def runs_out(slack: Slack) -> str:
    """The forecast as a sentence with what it is made of, or why there is none."""
    n = counted("{n} run", "{n} runs", slack.n)
    if isinstance(slack.line, Insufficient):
        return t(
            "{n} with a deadline: a trend needs {needed}.",
            n=counted("{n} run", "{n} runs", slack.line.have),
            needed=number(slack.line.needed),
        )
    out = slack.runs_out
    if out is None:
        return t("{n}: it does not shrink for sure, so there is no forecast.", n=n)
    if out.weeks == 0:
        return t("{n}: on their trend there is no slack left.", n=n)
    if not out.is_near:
        return t(
            "{n}: it shrinks by {pace} a week; at this pace it lasts for more than {weeks}.",
            n=n,
            pace=quantity(-slack.line.value, "s"),
            weeks=_weeks(FORECAST_WEEKS),
        )
    return t(
        "{n}: it shrinks by {pace} a week; at this pace it runs out {soon} ({soonest} to {latest} weeks).",
        n=n,
        pace=quantity(-slack.line.value, "s"),
        soon=_soon(out.weeks),
        soonest=_few(out.soonest),
        latest=_few(out.latest),
    )


def runs_out_briefly(slack: Slack | None) -> str:
    """The same for a cell of a table."""
    if slack is None:
        return t("no deadline")
    if isinstance(slack.line, Insufficient):
        return t("too few runs")
    out: RunsOut | None = slack.runs_out
    if out is None:
        return t("not shrinking")
    if out.weeks == 0:
        return t("no slack left")
    return _soon(out.weeks) if out.is_near else t("in over a year")


def _soon(weeks: float) -> str:
    return t("in less than a week") if weeks < 1 else t("in about {weeks}", weeks=_weeks(weeks))


def _weeks(weeks: float) -> str:
    return counted("{n} week", "{n} weeks", round(weeks))


def _few(weeks: float) -> str:
    """Whole weeks, but of few also a tenth: 2.1 to 2.4 rather than 2 to 2."""
    return number(weeks, 2) if weeks < 10 else number(round(weeks))


def grows(job: Job) -> str:
    """Duration as rows times time per row: which of the two moved."""
    parts = (job.duration_growth, job.rows_growth, job.pace_growth)
    if any(isinstance(each, Insufficient) for each in parts):
        fewest = min(each.have if isinstance(each, Insufficient) else each.n for each in parts)
        needed = next(each.needed for each in parts if isinstance(each, Insufficient))
        return t(
            "{n} with both duration and rows: a trend needs {needed}.",
            n=counted("{n} run", "{n} runs", fewest),
            needed=number(needed),
        )
    length, rows, pace = (each for each in parts if isinstance(each, Growth))
    told = t(
        "A week, over {n}: duration {length}, rows {rows}, time per row {pace}.",
        n=counted("{n} run", "{n} runs", length.n),
        length=_moved(length),
        rows=_moved(rows),
        pace=_moved(pace),
    )
    return " ".join(part for part in (told, _which(length, rows, pace)) if part)


def _moved(growth: Growth) -> str:
    if not growth.is_sure:
        return t("no clear change")
    sign = "+" if growth.a_week > 0 else "−"
    return f"{sign}{share(abs(growth.a_week))}"


def _which(length: Growth, rows: Growth, pace: Growth) -> str:
    if not length.is_sure or length.a_week < 0:
        return ""
    more = rows.is_sure and rows.a_week > 0
    slower = pace.is_sure and pace.a_week > 0
    if more and not slower:
        return t("It takes longer because there are more rows, not because each takes longer.")
    if slower and not more:
        return t("It takes longer because each row takes longer, not because there are more.")
    return t("There are more rows, and each takes longer.") if more and slower else ""


def clock_means(seen: Clock, busy: Busy | None, period: Period, first: datetime) -> str:
    """What the lanes show; `first` is when the first run of the trend began."""
    days = seen.days_a_row
    each = t("each row is a day") if days == 1 else t("each row is {days}", days=span(timedelta(days=days)))
    parts = [
        day_range(seen.window, period.zone),
        t("{each}, the oldest on top", each=each),
        *_colours({bar.outcome for bar in seen.bars}),
        t(
            "amber: the {hours} that bring half of all requests ({components}, {days})",
            hours=counted("hour", "{n} hours", len(busy.hours)),
            components=both(busy.components),
            days=t("mean of the period"),
        )
        if busy
        else t("no busy hours are shaded: no requests of a web or API component in every hour of the day"),
        t("runs less than {gap} apart are drawn as one", gap=span(seen.joined)) if seen.joined else "",
        counted("{n} more job is not drawn", "{n} more jobs are not drawn", seen.left_out) if seen.left_out else "",
        t("no run is known before {day}", day=day(local_day(first, period.zone)))
        if first - seen.window.start > timedelta(days=seen.days_a_row + 1)
        else "",
        t("the last quarter of the period") if seen.window.start > period.window.start else "",
        t("times in {zone}", zone=period.zone),
    ]
    return " · ".join(part for part in parts if part)


def _colours(outcomes: set[str]) -> list[str]:
    named = {"failed": t("red: failed"), "aborted": t("grey: aborted"), "running": t("hollow: under way")}
    return [text for outcome, text in named.items() if outcome in outcomes]


def while_it_ran(found: Beside) -> str:
    """A ratio in words; what differs by less than a twentieth is about the same."""
    if found.ratio >= 2:
        return t("{times}× as high while it ran", times=number(found.ratio, 2))
    if found.ratio >= 1.05:
        return t("{share} higher while it ran", share=share(found.ratio - 1))
    if found.ratio <= 1 / 1.05:
        return t("{share} lower while it ran", share=share(1 - found.ratio))
    return t("about the same")


def beside_means(job: Job, window_days: str) -> str:
    """How to read the comparison, and how not to."""
    return t(
        "Means of the samples while {job} ran, against the rest of the same hours of the day, {days}. That something "
        "was higher while it ran says that they coincide, not that one causes the other.",
        job=job.key,
        days=window_days,
    )
