"""The demo's events: deployments, builds, changes, incidents, alerts, batch runs and defects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from metrics.collect._demo.alerts import alerts
from metrics.collect._demo.happening import Attrs, Happening
from metrics.collect._demo.releases import commit
from metrics.collect._demo.signals import generator, pick
from metrics.collect._demo.work import changes, defects
from metrics.collect._demo.world import World

__all__ = ["happenings"]


def happenings(world: World) -> Iterator[Happening]:
    yield from _deployments(world)
    yield from _builds(world)
    yield from _changes(world)
    yield from _incidents(world)
    yield from alerts(world)
    yield from _batch_runs(world)
    yield from _defects(world)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _deployments(world: World) -> Iterator[Happening]:
    for r in world.releases:
        migrates = r.night and r.environment == "production"
        version = r.restores or r.version
        attrs: Attrs = {
            "environment": r.environment,
            "kind": r.kind,
            "version": version,
            "commit": commit(world.plan.seed, version),
            "schema_change": migrates,
            "build_in_window": bool(r.build and r.build.end > r.window.start),
            "mends": f"deploy-{r.mends}" if r.mends else None,
        }
        title = f"{r.component} {version}" + (" with schema change" if migrates else "")
        if r.kind != "planned":
            title = f"{r.kind} of {title}"
        yield Happening(
            "deployment", r.id, r.component, r.window.start, r.window.end, r.status, title,
            f"/deployments/{r.number}", attrs,
        )  # fmt: skip


def _builds(world: World) -> Iterator[Happening]:
    for r in world.releases:
        if r.build is None:
            continue
        minutes = r.build.duration.total_seconds() / 60
        attrs: Attrs = {
            "pipeline": "release",
            "job": f"build-{r.component}",
            "deployment": r.id,
            "commit": commit(world.plan.seed, r.version),
            "minutes": round(minutes, 1),
        }
        yield Happening(
            "build", f"build-{r.number}", "pipeline", r.build.start, r.build.end, "succeeded",
            f"image of {r.component} {r.version}", f"/builds/{r.number}", attrs,
        )  # fmt: skip
        rng = generator(world.plan.seed, "failed build", r.number)
        if rng.random() < 0.09:
            end = r.build.start - timedelta(minutes=pick(rng, 4, 20))
            start = end - r.build.duration * pick(rng, 0.2, 0.9)
            yield Happening(
                "build", f"build-{r.number}-a", "pipeline", start, end, "failed",
                f"image of {r.component} {r.version}", f"/builds/{r.number}a",
                {**attrs, "minutes": round((end - start).total_seconds() / 60, 1)},
            )  # fmt: skip


def _changes(world: World) -> Iterator[Happening]:
    for change in changes(world.plan, world.releases):
        attrs: Attrs = {
            "commit": change.commit,
            "pull_request": change.number,
            "authored_at": _iso(change.authored),
            "reviewed_at": _iso(change.reviewed),
            "merged_at": _iso(change.merged),
            "deployed_by": change.deployed_by,
            "commits": change.commits,
            "hours": change.hours,
            "work": change.work,
            "reverts": change.reverts,
        }
        yield Happening(
            "change", change.commit, change.component, change.authored, change.merged, "merged", change.title,
            f"/pulls/{change.number}", attrs,
        )  # fmt: skip
    yield _disk_cause(world)


def _disk_cause(world: World) -> Happening:
    """The change of the cluster's set-up after which finished jobs were kept (story 5)."""
    start = world.plan.disk_from - timedelta(hours=3)
    attrs: Attrs = {
        "commit": commit(world.plan.seed, "cluster"),
        "authored_at": _iso(start),
        "work": "feature",
        "merged_at": _iso(world.plan.disk_from),
        "pull_request": 318,
        "hours": 1.0,
        "commits": 1,
    }
    return Happening(
        "change", commit(world.plan.seed, "cluster"), "eks", start, world.plan.disk_from, "merged",
        "Keep the history of finished CronJobs for audits", "/cluster/pulls/318", attrs,
    )  # fmt: skip


def _incidents(world: World) -> Iterator[Happening]:
    felt = [trouble for trouble in world.troubles if trouble.severity is not None]
    for number, trouble in enumerate(felt, start=61):
        caused = f"deploy-{trouble.release}" if trouble.release else None
        attrs: Attrs = {
            "severity": trouble.severity,
            "detected_at": _iso(trouble.detected or trouble.window.start),
            "resolved_at": _iso(trouble.window.end),
            "caused_by_deployment": caused if number % 4 else None,  # people forget to write the link
            "cause": trouble.cause,
            "part": trouble.part,
        }
        yield Happening(
            "incident", f"incident-{number}", trouble.component, trouble.window.start, trouble.window.end, "resolved",
            trouble.title, f"/incidents/{number}", attrs, known=trouble.detected,
        )  # fmt: skip


# batches and defects --------------------------------------------------------------------------------------


def _batch_runs(world: World) -> Iterator[Happening]:
    """Known only from the day on which finished jobs began to be read (story 2)."""
    for run in world.runs:
        if run.window.end < world.plan.batch_from:
            continue
        attrs: Attrs = {
            "job": run.job.name,
            "rows": run.rows,
            "deadline": _iso(run.deadline),
            "attempt": run.attempt,
            "reason": None if run.status == "succeeded" else "BackoffLimitExceeded",
        }
        yield Happening(
            "batch_run", run.id, "nightly", run.window.start, run.window.end, run.status, run.job.name,
            f"/batches/{run.id}", attrs,
        )  # fmt: skip


def _defects(world: World) -> Iterator[Happening]:
    for defect in defects(world.plan):
        attrs: Attrs = {"phase": defect.phase, "type": defect.kind, "ui_rework": defect.kind == "ui_rework"}
        yield Happening(
            "defect", f"defect-{defect.number}", defect.component, defect.found, defect.fixed, "fixed",
            f"found in {defect.phase}: {defect.kind.replace('_', ' ')}", f"/defects/{defect.number}", attrs,
        )  # fmt: skip
