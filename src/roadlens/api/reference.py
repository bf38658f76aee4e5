"""The API's reference page: Swagger UI from its Python package, so that it works without any other host."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

# The page loads from here alone. Swagger UI's style sheet has its icons as `data:`, and it styles elements in place.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Relative addresses: they hold behind a proxy that serves Roadlens below a path.
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="docs/files/swagger-ui.css">
<link rel="icon" href="docs/files/favicon-32x32.png">
</head>
<body>
<noscript>This page needs JavaScript. The document it shows is at <a href="openapi.json">openapi.json</a>.</noscript>
<div id="reference"></div>
<script src="docs/files/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

# In a file of its own, because the policy allows no script in the page. Unless told not to, Swagger UI sends the
# document to a validator on another host.
_START: Final = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
"""


def install(app: FastAPI) -> None:
    """Serve the page at `/docs`."""
    router = APIRouter(prefix="/docs", include_in_schema=False)
    page = _PAGE.format(title=escape(app.title))

    @router.get("")
    async def reference() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    @router.get("/start.js")
    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    app.include_router(router)
    app.mount("/docs/files", StaticFiles(directory=None, packages=[("fastapi_swagger", "resources")]))
