"""Who is told what moved, as tomoni.yaml says."""

from datetime import time
from pathlib import Path

import pytest

from metrics.config import load
from metrics.errors import ConfigError
from metrics.notify_settings import Digest

NO_SECRETS = Path("no-secrets.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_an_address_to_notify_is_a_secret_and_off_by_default(folder: Path) -> None:
    assert load(folder, {}, NO_SECRETS).notify.addresses == ()
    text = "notify: {to: 'slack://${TOKEN}/general', digest: Monday 9:05, link: 'https://tomoni.example'}\n"
    (folder / "tomoni.yaml").write_text(text, encoding="utf-8")
    told = load(folder, {"TOKEN": "xoxb-17"}, NO_SECRETS).notify
    assert [address.get_secret_value() for address in told.addresses] == ["slack://xoxb-17/general"]
    assert "xoxb-17" not in repr(told)
    assert (told.digest, told.urgent, told.link) == (Digest(0, time(9, 5)), True, "https://tomoni.example")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("digest: noon", "'noon' is no time of the week; write a day and a time, as in `monday 09:00`"),
        ("digest: monday 24:00", "is no time of the week"),
        ("to: ['slack://${NOT_SET}']", "names ${NOT_SET}, which is not set"),
        ("too: x", "notify.too"),
    ],
)
def test_a_notification_that_makes_no_sense_is_refused(written: str, said: str, folder: Path) -> None:
    (folder / "tomoni.yaml").write_text(f"notify:\n  {written}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(folder, {}, NO_SECRETS)
    assert said in str(refused.value)
    assert "tomoni.yaml:2" in str(refused.value)
