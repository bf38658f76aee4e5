"""The dashboard comes from this server alone, may not load from elsewhere, and is asked for once a version."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import Response
from pydantic import ValidationError

from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.web import site
from roadlens.web.files import read_files
from tests.support.api import Api, open_api

STATIC = Path(site.__file__).parent / "static"
ROOT = Path(__file__).parents[2]
# Bytes that cross the wire before the chart library: the page, its style, every module that the first view needs.
FIRST_LOAD = 100_000
# Namespaces are names, not addresses: nothing is ever asked there.
NAMES = {"http://www.w3.org/2000/svg"}


def policy(page: Response) -> dict[str, set[str]]:
    parts = (part.split(" ") for part in page.headers["Content-Security-Policy"].split("; "))
    return {name: set(sources) for name, *sources in parts}


def addresses(page: str) -> list[str]:
    """What the page loads, relative to itself."""
    return re.findall(r'(?:src|href)="(assets/[^"]+)"', page)


async def test_headers_of_the_page(api: Api) -> None:
    page = await api.client.get("/")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-cache"
    assert "accept-encoding" in page.headers["Vary"].lower()


async def test_a_browser_may_run_nothing_that_stands_in_the_page_and_load_from_nowhere_else(api: Api) -> None:
    page = await api.client.get("/")
    allowed = policy(page)
    assert allowed["default-src"] == {"'none'"}
    assert allowed["script-src"] == allowed["style-src"] == allowed["connect-src"] == {"'self'"}
    assert allowed["frame-ancestors"] == allowed["base-uri"] == allowed["form-action"] == {"'none'"}
    assert {source for sources in allowed.values() for source in sources} == {"'none'", "'self'", "data:", "blob:"}
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page.text) == []


async def test_all_that_the_page_loads_is_there_for_good(api: Api) -> None:
    page = (await api.client.get("/")).text
    assert "{{" not in page
    loaded = addresses(page)
    assert len(loaded) > 10
    for address in loaded:
        found = await api.client.get(f"/{address}")
        assert found.status_code == 200, address
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert found.headers["X-Content-Type-Options"] == "nosniff"
    kinds = {Path(address).suffix for address in loaded}
    assert kinds == {".css", ".js", ".svg"}


async def test_every_module_is_there_and_what_it_imports_too(api: Api) -> None:
    page = (await api.client.get("/")).text
    (at,) = set(re.findall(r'data-at="([^"]+)"', page))
    files = read_files(STATIC)
    for name, file in files.items():
        if not name.endswith(".js"):
            continue
        answer = await api.client.get(f"/{at}/{name}")
        assert answer.content == file.body
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        for target in re.findall(r'(?:from|import) "([^"]+)"', file.text):
            assert target.startswith("."), f"{name} imports {target} from elsewhere"
            assert (STATIC / name).parent.joinpath(target).is_file(), f"{name} imports {target}"
    for route in re.findall(r'file: "([^"]+)"', files["js/routes.js"].text):
        assert f"js/pages/{route}.js" in files


async def test_the_chart_library_comes_from_here(api: Api) -> None:
    page = (await api.client.get("/")).text
    (address,) = re.findall(r'data-charts="([^"]+)"', page)
    answer = await api.client.get(f"/{address}", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"plotly.js v" in answer.content[:400]
    # What it would add to the page's style, against the policy, it finds there already.
    own = set(re.findall(rb'getElementById\("([0-9a-f]{64})"\)', answer.content))
    assert own
    assert {name.encode() for name in re.findall(r'<template id="([^"]+)">', page)} == own
    assert b"plotly.js-style-" in answer.content
    assert b".no-inline-styles" in answer.content
    assert 'id="plotly.js-style-global" class="no-inline-styles"' in page


async def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', (await api.client.get("/")).text)
    for address in ("/", f"/{style}"):
        first = await api.client.get(address)
        again = await api.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        other = await api.client.get(address, headers={"If-None-Match": '"another"'})
        assert other.status_code == 200
        packed = await api.client.get(address, headers={"Accept-Encoding": "gzip"})
        plain = await api.client.get(address, headers={"Accept-Encoding": "identity"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["ETag"] != plain.headers["ETag"]
        assert packed.content == plain.content


async def test_head_is_answered_without_a_body(api: Api) -> None:
    page = await api.client.get("/")
    head = await api.client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == page.headers["ETag"]
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


@pytest.mark.parametrize(
    "path",
    [
        "site.py",
        "../site.py",
        "..%2fsite.py",
        "js/..%2f..%2f..%2fsite.py",
        "%2e%2e/%2e%2e/site.py",
        "js\\main.js",
        "js/main.js%00.css",
        "index.html/..",
        "",
    ],
)
async def test_no_other_file_is_given(api: Api, path: str) -> None:
    page = (await api.client.get("/")).text
    (at,) = set(re.findall(r'data-at="([^"]+)"', page))
    answer = await api.client.get(f"/{at}/{path}")
    assert answer.status_code == 404
    assert "Serves the dashboard" not in answer.text


async def test_files_of_another_version_are_not_mixed_in(api: Api) -> None:
    answer = await api.client.get("/assets/000000000000/js/main.js")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_first_view_is_small(api: Api) -> None:
    """A size in bytes as sent: what a browser must have before the first numbers stand."""
    page = await api.client.get("/", headers={"Accept-Encoding": "gzip"})
    sent = len(gzip.compress(page.content))
    for address in addresses(page.text):
        async with api.client.stream("GET", f"/{address}", headers={"Accept-Encoding": "gzip"}) as answer:
            sent += sum([len(part) async for part in answer.aiter_raw()])
    assert sent < FIRST_LOAD


def test_no_file_names_another_host() -> None:
    for name, file in read_files(STATIC).items():
        named = set(re.findall(r"(?:[a-z]+:)?//[\w.-]+\.[a-z]{2,}[^\s\"'`)]*", file.text)) - NAMES
        assert named == set(), name


def test_nothing_reads_html_or_runs_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|DOMParser|document\.write|createContextualFragment|setHTML|"
        r"\beval\(|new Function|srcdoc|javascript:"
    )
    for name, file in read_files(STATIC).items():
        assert forbidden.findall(file.text) == [], name


async def test_the_reference_page_is_still_there(api: Api) -> None:
    assert "swagger-ui" in (await api.client.get("/docs")).text


async def test_tiles_of_one_host_may_be_loaded_if_they_are_set(
    database: Database, database_url: str, password_hash: str
) -> None:
    tiles = {
        "ROADLENS_TILE_URL": "https://tiles.example:8443/{z}/{x}/{y}.png?a=1&b=2",
        "ROADLENS_TILE_ATTRIBUTION": '© "Tiles" <b>',
    }
    async with open_api(database, database_url, password_hash, **tiles) as opened:
        page = await opened.client.get("/")
    assert policy(page)["img-src"] == {"'self'", "data:", "blob:", "https://tiles.example:8443"}
    assert "tiles.example" not in "".join(policy(page)["script-src"] | policy(page)["connect-src"])
    assert 'data-tiles="https://tiles.example:8443/{z}/{x}/{y}.png?a=1&amp;b=2"' in page.text
    assert 'data-attribution="© &quot;Tiles&quot; &lt;b&gt;"' in page.text


@pytest.mark.parametrize(
    "url",
    [
        "tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}.png",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://a b/{z}/{x}/{y}",
        "https://user:secret@tiles.example/{z}/{x}/{y}",
        "data:image/png,{z}{x}{y}",
    ],
)
def test_an_address_of_tiles_cannot_loosen_the_policy(url: str) -> None:
    with pytest.raises(ValidationError, match="must be an address with"):
        Settings.model_validate({"ROADLENS_TILE_URL": url})


def test_the_wheel_contains_the_files(tmp_path: Path) -> None:
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(tmp_path / made.stdout.split()[-1])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in read_files(STATIC):
        assert f"roadlens/web/static/{name} " in listed
