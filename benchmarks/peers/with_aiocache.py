"""aiocache, used as its README shows: the decorator with a time and a key; in memory it keeps the very object that the
endpoint returned, in Redis a pickle of it."""

from __future__ import annotations

from aiocache import Cache, cached
from aiocache.serializers import PickleSerializer
from fastapi import FastAPI

from benchmarks.peers import task
from benchmarks.peers.application import Endpoint, application

_TTL_S = 3600


def app() -> FastAPI:
    told = task.read()
    host, port = told.redis
    where = {"cache": Cache.MEMORY}
    if told.store == "redis":
        where = {"cache": Cache.REDIS, "endpoint": host, "port": port, "serializer": PickleSerializer()}

    def keep(name: str, endpoint: Endpoint) -> Endpoint:
        kept: Endpoint = cached(ttl=_TTL_S, key=f"{told.keeps}-{name}", **where)(endpoint)
        return kept

    return application(told, keep)
