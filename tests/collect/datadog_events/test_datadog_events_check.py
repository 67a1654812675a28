"""What `check` says of keys, scopes and names, and what the settings refuse."""

from __future__ import annotations

import httpx
import pytest
from pydantic import ValidationError

from metrics.collect import Sign
from metrics.collect.datadog_events import Settings, check
from metrics.collect.http import Budget, client
from tests.collect.datadog_events.happening import settings
from tests.collect.datadog_events_server import Account

BOTH: dict[str, object] = {"monitors": [7, "Disk *", "service:{component}"], "incidents": {"services": ["web"]}}
KNOWN = [
    {"id": 7, "name": "CPU is high", "tags": ["team:infra"], "query": "q", "type": "metric alert"},
    {"id": 8, "name": "Disk fills up", "tags": ["service:web"], "query": "q", "type": "metric alert"},
]


def signs(configured: Settings) -> list[Sign]:
    with client(budget=Budget(per_second=1e9)) as polite:
        return list(check(configured, polite))


def test_all_is_well(account: Account) -> None:
    account.monitors = KNOWN
    said = "accepts the keys; components: alerts of 1, incidents of 1"
    assert signs(settings(account, BOTH)) == [Sign("fine", f"{account.url} {said}")]


def test_each_monitor_that_is_not_there_is_named(account: Account) -> None:
    account.monitors = KNOWN[:1]
    found = signs(settings(account, BOTH))
    assert [(sign.state, sign.about) for sign in found] == [
        ("note", "web Disk *"), ("note", "web service:{component}"), ("fine", ""),
    ]  # fmt: skip
    assert found[0].said == "no monitor has this id, name or tag: is it written right?"


@pytest.mark.parametrize(
    ("scope", "state"),
    [("events_read", "wrong"), ("incident_read", "wrong"), ("monitors_downtime", "note"), ("monitors_read", "note")],
)
def test_each_missing_scope_is_named(account: Account, scope: str, state: str) -> None:
    account.monitors = KNOWN
    account.scopes.discard(scope)
    found = signs(settings(account, BOTH))
    assert [(sign.state, sign.about) for sign in found if sign.state != "fine"] == [(state, scope)]
    assert f"(scope {scope})" in found[0].said
    assert ("fine" in {sign.state for sign in found}) == (state == "note")


@pytest.mark.parametrize(
    ("keys", "said"),
    [({"api_key": "other"}, "does not know the API key"), ({"app_key": "other"}, "does not accept the keys")],
)
def test_wrong_keys(account: Account, keys: dict[str, str], said: str) -> None:
    (sign,) = signs(settings(account, BOTH, **keys))
    assert sign.state == "wrong"
    assert said in sign.said


def test_a_host_that_is_not_there(account: Account) -> None:
    configured = settings(account, BOTH)
    account.server_close()
    with pytest.raises(httpx.ConnectError):
        signs(configured)


def test_nobody_uses_it(account: Account) -> None:
    configured = settings(account, BOTH).model_copy(update={"targets": ()})
    assert [sign.state for sign in signs(configured)] == ["note", "fine"]


@pytest.mark.parametrize(
    ("target", "rest", "said"),
    [
        ({}, {}, "names neither monitors nor incidents"),
        ({"monitors": [""]}, {}, "has an empty entry"),
        ({"monitors": [7], "monitor": 7}, {}, "Extra inputs are not permitted"),
        ({"incidents": {"service": ["web"]}}, {}, "Extra inputs are not permitted"),
        ({"monitors": [7]}, {"site": "datadog.com"}, "there is no site 'datadog.com'; use one of datadoghq.com"),
        ({"monitors": [7]}, {"host": "proxy"}, "'proxy' is no address"),
        ({"monitors": [7]}, {"host": "https://me:pw@proxy"}, "has a user in it"),
    ],
)
def test_what_the_settings_refuse(
    account: Account, target: dict[str, object], rest: dict[str, object], said: str
) -> None:
    whole = {"component": "web", **target}
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"host": account.url, "api_key": "a", "app_key": "b", "targets": [whole], **rest})
    assert said in str(refused.value)
