"""cashews, used as its README shows: the decorator with a time and a key. Importing its FastAPI part teaches it to keep
a `Response`, which spares decoding and encoding; its middlewares, which cost more, are left out."""

from __future__ import annotations

import cashews.contrib.fastapi  # noqa: F401 - teaches it to keep a Response
from cashews import cache
from fastapi import FastAPI

from benchmarks.peers import task
from benchmarks.peers.application import Endpoint, application


def app() -> FastAPI:
    told = task.read()
    host, port = told.redis
    cache.setup(f"redis://{host}:{port}" if told.store == "redis" else "mem://")

    def keep(name: str, endpoint: Endpoint) -> Endpoint:
        kept: Endpoint = cache(ttl="1h", key=f"{told.keeps}-{name}")(endpoint)
        return kept

    return application(told, keep)
