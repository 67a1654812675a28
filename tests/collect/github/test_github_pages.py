"""Pages as github.com itself names them: the links were recorded there.

They are those of the scenario `paginate-issues` of @octokit/fixtures 23.1.1 (MIT): a list under a repository's name
goes on under its number, and `next` stands among others. docs/collectors/github.md tells how to ask its own server by hand.
"""

from __future__ import annotations

import httpx

from metrics.collect._github.api import Api
from metrics.collect._github.refusal import ISSUES
from metrics.collect.http import client

FIRST = "https://api.github.com/repos/octokit-fixture-org/paginate-issues/issues?per_page=3"
LATER = "https://api.github.com/repositories/1000/issues?per_page=3&page="
LINKS = {
    FIRST: f'<{LATER}2>; rel="next", <{LATER}5>; rel="last"',
    **{
        f"{LATER}{n}": f'<{LATER}{n - 1}>; rel="prev", <{LATER}{n + 1}>; rel="next", <{LATER}5>; rel="last", '
        f'<{LATER}1>; rel="first"'
        for n in (2, 3, 4)
    },
    f"{LATER}5": f'<{LATER}4>; rel="prev", <{LATER}1>; rel="first"',
}
"""What each page says of the others."""


def test_a_list_goes_on_where_github_says_until_it_names_no_next_page() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=[{"number": len(asked)}], headers={"link": LINKS[str(request.url)]})

    with client(httpx.MockTransport(answer)) as http:
        api = Api(http, "https://api.github.com", "token")
        url: str | None = api.url("repos/octokit-fixture-org/paginate-issues/issues", {"per_page": "3"})
        found = []
        while url:
            page = api.get(url, "octokit-fixture-org/paginate-issues", ISSUES)
            found += [each["number"] for each in page.content]
            url = page.next
    assert asked == list(LINKS)
    assert found == [1, 2, 3, 4, 5]
