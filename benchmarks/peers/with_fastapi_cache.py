"""fastapi-cache2, used as its README shows: the decorator between the route's and the endpoint, `init` at the start.

Decoded JSON is kept with its default coder; a `Response` with its `PickleCoder`, which its README has for all that is
no JSON, and which spares it decoding and encoding.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.backends.redis import RedisBackend
from fastapi_cache.coder import JsonCoder, PickleCoder
from fastapi_cache.decorator import cache
from redis.asyncio import Redis

from benchmarks.peers import task
from benchmarks.peers.application import Endpoint, application

_TTL_S = 3600


def app() -> FastAPI:
    told = task.read()
    coder = PickleCoder if told.keeps == "response" else JsonCoder

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        host, port = told.redis
        backend = RedisBackend(Redis(host=host, port=port)) if told.store == "redis" else InMemoryBackend()
        FastAPICache.init(backend, prefix=f"fastapi-cache-{told.keeps}")
        yield

    def keep(_name: str, endpoint: Endpoint) -> Endpoint:
        kept: Endpoint = cache(expire=_TTL_S, coder=coder)(endpoint)
        return kept

    return application(told, keep, lifespan)
