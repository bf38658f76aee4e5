"""The reference page works without any other host, and may not load from one."""

from __future__ import annotations

import re

from roadlens.api.headers import SECURITY_HEADERS
from tests.support.api import Api

ELSEWHERE = re.compile(r"""(?:src|href|action|url)\s*[=:(]\s*["']?\s*(?:[a-z]+:)?//""", re.IGNORECASE)


async def test_the_page_and_its_files_come_from_here(api: Api) -> None:
    page = await api.client.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 4
    for address in loaded:
        found = await api.client.get(f"/{address}")
        assert found.status_code == 200, address
    start = (await api.client.get("/docs/start.js")).text
    assert "://" not in start
    assert "validatorUrl: null" in start
    style = (await api.client.get("/docs/files/swagger-ui.css")).text
    assert not ELSEWHERE.search(style)


async def test_a_browser_would_not_load_from_elsewhere(api: Api) -> None:
    page = await api.client.get("/docs")
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert {source for sources in policy.values() for source in sources.split()} == {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "data:",
    }
    assert "<script>" not in page.text
    assert "onload=" not in page.text
    for path in ("/openapi.json", "/docs/start.js", "/nothing"):
        answer = await api.client.get(path)
        assert answer.headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]


async def test_its_form_knows_where_to_sign_in(api: Api) -> None:
    (scheme,) = [
        scheme for scheme in api.app.openapi()["components"]["securitySchemes"].values() if scheme["type"] == "oauth2"
    ]
    address = scheme["flows"]["password"]["tokenUrl"]
    assert (await api.client.post(address, data={"username": "x", "password": "x"})).status_code == 401


async def test_there_is_one_such_page(api: Api) -> None:
    assert (await api.client.get("/redoc")).status_code == 404
