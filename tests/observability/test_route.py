"""`GET /metrics` of the application."""

from __future__ import annotations

from fastapi.routing import iter_route_contexts

from tests.support.api import Api
from tests.support.scrape import Scrape


async def test_anybody_may_scrape(api: Api) -> None:
    answer = await api.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    # A request counts once it is answered: the first scrape is seen by the second.
    again = Scrape.read((await api.client.get("/metrics")).text)
    assert again.value("http_requests_total", method="GET", endpoint="metrics_page", status="200") == 1


async def test_openmetrics_if_asked(api: Api) -> None:
    accepted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = await api.client.get("/metrics", headers=accepted)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_no_two_endpoints_share_a_name(api: Api) -> None:
    """They would share their numbers too."""
    endpoints = [getattr(route, "endpoint", None) for route in iter_route_contexts(api.app.routes)]
    names = [endpoint.__name__ for endpoint in endpoints if endpoint is not None]
    assert len(names) > 40
    assert len(names) == len(set(names))
