"""Serves the dashboard: one page at `/`, its files under names that change with them. Knows nothing of drivers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Header, Response

from roadlens import __version__
from roadlens.cache.forms import IDENTITY
from roadlens.web.files import MEDIA_TYPES, File, imported, read_files

_STATIC: Final = Path(__file__).parent / "static"
# What the first view is made of: these and what they import are announced in the page, so that they come side by side.
_FIRST: Final = ("js/main.js", "js/pages/overview.js")

# Whoever has a file keeps it: another version has another address.
_FOREVER: Final = "public, max-age=31536000, immutable"

# The page loads from here alone; plotly.js puts images of its own making (`data:`, `blob:`) in place.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{tiles}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI, tile_url: str | None = None, tile_attribution: str | None = None) -> None:
    """Serve the dashboard at `/`. With `tile_url`, as https://tiles.example/{z}/{x}/{y}.png, maps have a background."""
    files = read_files(_STATIC)
    style = File.of(MEDIA_TYPES[".css"], b"".join(file.body for name, file in files.items() if name.endswith(".css")))
    charts = _chart_library()
    at = f"assets/{_version(files)}"
    addresses = {"at": at, "style": f"assets/{style.digest}/style.css", "charts": f"assets/{charts.digest}/plotly.js"}
    modules = [f'<link rel="modulepreload" href="{at}/{name}">' for name in imported(files, *_FIRST)]
    page = _filled(
        files["index.html"].text,
        {
            **{name: escape(value) for name, value in addresses.items()},
            "modules": "\n".join(modules),
            "placeholders": "".join(f'<template id="{name}"></template>' for name in _own_styles(charts)),
            "tiles": escape(tile_url or ""),
            "attribution": escape(tile_attribution or ""),
            "version": escape(__version__),
        },
    )
    headers = {"Content-Security-Policy": _policy(tile_url), "Cache-Control": "no-cache"}
    served = {f"{at}/{name}": file for name, file in files.items()}
    served |= {addresses["style"]: style, addresses["charts"]: charts}
    app.include_router(_router(page, headers, served))


def _router(page: File, headers: Mapping[str, str], served: Mapping[str, File]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def dashboard(
        accept_encoding: Annotated[str, Header()] = "", if_none_match: Annotated[str, Header()] = ""
    ) -> Response:
        return _answer(page, accept_encoding, if_none_match, headers)

    # Not `async`: it takes a moment to compress the library of charts, and that is done beside the event loop.
    @router.get("/assets/{name:path}")
    def dashboard_file(
        name: str, accept_encoding: Annotated[str, Header()] = "", if_none_match: Annotated[str, Header()] = ""
    ) -> Response:
        found = served.get(f"assets/{name}")
        if found is None:
            # Files of another version are not given in its place: a page would be put together from both.
            gone = "There is no such file here. Load the dashboard anew."
            return Response(gone, 404, {"Cache-Control": "no-store"}, "text/plain")
        return _answer(found, accept_encoding, if_none_match, {"Cache-Control": _FOREVER})

    return router


def _chart_library() -> File:
    """plotly.js out of the Python package plotly, which itself is not imported: that would cost memory for nothing."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (directory,) = spec.submodule_search_locations
    return File.of(MEDIA_TYPES[".js"], Path(directory) / "package_data" / "plotly.min.js")


def _own_styles(charts: File) -> list[str]:
    """Ids of style elements that plotly.js would add for kinds of charts that are not used here.

    It leaves out those that are there already. The policy forbids them, and each would be an error in the console.
    """
    return re.findall(r'getElementById\("([0-9a-f]{64})"\)', charts.text)


def _version(files: Mapping[str, File]) -> str:
    """Another one when any file is another, for modules name each other by relative addresses."""
    named = "".join(f"{name} {file.digest}\n" for name, file in files.items())
    return blake2b(named.encode(), digest_size=6).hexdigest()


def _filled(page: str, values: Mapping[str, str]) -> File:
    """The page with what it must know. Relative addresses hold behind a proxy that serves Roadlens below a path."""
    for name, value in values.items():
        page = page.replace(f"{{{{ {name} }}}}", value)
    return File.of(MEDIA_TYPES[".html"], page.encode())


def _policy(tile_url: str | None) -> str:
    return _POLICY.format(tiles=f" {_origin(tile_url)}" if tile_url else "")


def _origin(tile_url: str) -> str:
    address = urlsplit(tile_url)
    return f"{address.scheme}://{address.netloc}"


def _answer(file: File, accept_encoding: str, if_none_match: str, headers: Mapping[str, str]) -> Response:
    coding, body = file.coded(accept_encoding)
    etag = f'"{file.digest}-{coding}"'
    headers = {**headers, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in if_none_match:
        return Response(status_code=304, headers=headers)
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    return Response(body, media_type=file.media_type, headers=headers)
