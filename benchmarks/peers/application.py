"""The FastAPI application that the peers share: a route for each answer, authorisation as FastAPI's guide shows it.

All is to the peers' advantage. A route has no parameters, so that keys are short; a query string is not looked at.
Nobody looks the user up whom a token names. No header is sent that the framework does not send by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Response
from fastapi.security import OAuth2PasswordBearer
from starlette.types import Lifespan

from benchmarks.peers.task import Task

Endpoint = Callable[[], Awaitable[Any]]

# What a peer makes of an endpoint: the name of the answer, and what computes it.
Keep = Callable[[str, Endpoint], Endpoint]

# Seconds that an answer takes to compute. If a peer did not keep it, that would be plain to see in the figures.
_COMPUTING_S = 0.1


def application(told: Task, keep: Keep, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Routes that `keep` makes fast."""
    app = FastAPI(lifespan=lifespan, openapi_url=None)
    dependencies = [Depends(_authorisation(told))] if told.authorises else []
    for number, address in enumerate(told.answers):
        name = f"answer_{number}"
        endpoint = keep(name, _endpoint(told, address, name))
        app.get(address.partition("?")[0], dependencies=dependencies)(endpoint)
    return app


def _endpoint(told: Task, address: str, name: str) -> Endpoint:
    answer = told.answers[address]
    decoded = json.loads(answer.body)

    async def respond() -> Response:
        await asyncio.sleep(_COMPUTING_S)
        return Response(answer.body, media_type="application/json")

    async def compute() -> Any:
        await asyncio.sleep(_COMPUTING_S)
        return decoded

    endpoint: Endpoint = respond if told.keeps == "response" else compute
    endpoint.__name__ = name
    return endpoint


def _authorisation(told: Task) -> Callable[[str], Awaitable[None]]:
    tokens = told.tokens()
    bearer = OAuth2PasswordBearer(tokenUrl="token")

    async def authorised(token: Annotated[str, Depends(bearer)]) -> None:
        tokens.read(token)

    # The annotation names a local object, which FastAPI cannot find by its name.
    authorised.__annotations__["token"] = Annotated[str, Depends(bearer)]
    return authorised
