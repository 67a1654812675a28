"""Each side sees what is its own, and what nobody owns."""

from metrics.model import Service, Team
from metrics.review.items import Item
from metrics.trends.agenda import Agenda
from tests.review.test_items import MONDAY, cpu

SERVICE = Service(
    "jobs", "Jobs", "UTC", 0,
    teams=(Team("web-team", "Web team", "dev"), Team("platform", "Platform team", "infra")),
)  # fmt: skip


def item(name, *owners):
    return Item(name, (cpu(name),), owners, "new", 0.8, {})


def test_a_side_sees_its_own_items_and_those_of_nobody():
    both, mine, nobodys = item("a", "web-team", "platform"), item("b", "platform"), item("c")
    low = item("d", "web-team")
    found = Agenda(MONDAY, (both, mine, nobodys), (low,))
    assert [each.id for each in found.seen_by("dev", SERVICE).items] == ["a", "c"]
    assert [each.id for each in found.seen_by("dev", SERVICE).rest] == ["d"]
    assert [each.id for each in found.seen_by("infra", SERVICE).every] == ["a", "b", "c"]
    assert found.seen_by("all", SERVICE) is found


def test_an_item_is_found_by_any_of_its_findings():
    whole = Item("a", (cpu("a"), cpu("b")), (), "new", 0.8, {})
    found = Agenda(MONDAY, (), (whole,))
    assert found.item("b") is whole
    assert found.item("x") is None
