"""What may be written about a GitHub and its repositories, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from metrics import config
from metrics.collect import github
from metrics.collect.run import chosen, settings_of
from metrics.errors import ConfigError
from tests.collect.folders import configure

TARGET = {"component": "web", "repository": "acme/jobs"}


def settings(**written: object) -> github.Settings:
    return github.Settings.model_validate({"token": "t", "targets": [TARGET], **written})


def target(**written: object) -> github.Target:
    return settings(targets=[{**TARGET, **written}]).targets[0]


def test_defaults() -> None:
    assert settings().base_url == "https://api.github.com"
    found = target()
    assert found.environments == {"production": "production"}
    assert (found.deployments_from, found.branch, found.incident_labels) == ("deployments", None, ("incident",))


def test_short_forms() -> None:
    assert settings(base_url="https://github.example.com/api/v3/").base_url == "https://github.example.com/api/v3"
    assert target(environments="prod").environments == {"prod": "prod"}
    assert target(environments=["prod", "stage"]).environments == {"prod": "prod", "stage": "stage"}
    assert target(environments={"prod": "production"}).environment == "production"
    assert target(incident_labels="outage").incident_labels == ("outage",)
    assert target(paths=["./apps/web/", "/libs"]).paths == ("apps/web", "libs")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"base_url": "github.example.com"}, "is no address; write one such as https://github.example.com/api/v3"),
        ({"base_url": "https://me:secret@github.example.com/api/v3"}, "has a login in it"),
        ({"base_url": "https://github.com"}, "is where people look; write https://api.github.com"),
        ({"base_url": "https://[::1"}, "is no address"),
        ({"token": "a\n"}, "no header may have"),
        ({"token": ""}, "no header may have"),
        ({"surprise": 1}, "surprise"),
        ({"targets": [TARGET, TARGET]}, "default web names acme/jobs twice"),
    ],
)
def test_settings_that_can_not_work_are_refused(written: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"repository": "jobs"}, "is no repository; write owner/name, as in acme/jobs"),
        ({"repository": "https://github.com/acme/jobs"}, "is no repository"),
        ({"repository": "acme/.."}, "is no repository"),
        ({"deployments_from": "tags"}, "'deployments', 'releases' or 'merges'"),
        ({"environments": []}, "at least 1"),
        ({"paths": ["/"]}, "is no path"),
        ({"paths": ["apps/**"]}, "is no path"),
        ({"branch": ""}, "at least 1"),
    ],
)
def test_targets_that_can_not_work_are_refused(written: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        target(**written)


def from_files(folder: Path, service: str) -> github.Settings:
    configure(folder, {"github": {"token": "t"}})
    (folder / "services").mkdir()
    (folder / "services" / "jobs.yaml").write_text(service, encoding="utf-8")
    found = config.load(folder)
    made = settings_of(found, chosen(found, ["github"])[0])
    assert isinstance(made, github.Settings)
    return made


def test_a_service_s_file_names_the_repositories_over_what_holds_for_all(tmp_path: Path) -> None:
    made = from_files(
        tmp_path,
        """
title: Jobs
sources:
  github: {environments: {prod: production}, incident_labels: [outage]}
components:
  web: {kind: web, use: github, repository: acme/jobs}
  api:
    kind: web
    sources:
      - {use: github, repository: acme/api, deployments_from: releases, incident_labels: []}
""",
    )
    web, api = made.targets
    assert (web.service, web.component, web.repository, web.environment) == ("jobs", "web", "acme/jobs", "production")
    assert (api.component, api.deployments_from, api.incident_labels) == ("api", "releases", ())


def test_a_wrong_key_is_named_with_its_place(tmp_path: Path) -> None:
    service = "components:\n  web: {kind: web, use: github, repository: acme/jobs, enviroments: [prod]}\n"
    with pytest.raises(
        ConfigError, match=r"services/jobs.yaml:2: .*enviroments is no key here; did you mean environments"
    ):
        from_files(tmp_path, service)
