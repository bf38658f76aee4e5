"""`roadlens cache`: what is kept, throwing it away, and why an address is answered as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from roadlens.api.caching import find_key
from roadlens.app import V1, v1
from roadlens.cache.clearing import Clearing
from roadlens.cache.entry import Entry, Unreadable
from roadlens.cache.keys import Key
from roadlens.cache.report import summed
from roadlens.cache.store import Budget
from roadlens.cli.operator import operator
from roadlens.errors import InvalidInput
from roadlens.freshness import prefixes
from roadlens.settings import read_settings
from roadlens.storage.reads import cache_state
from roadlens.storage.writes import audit, cache_tags
from roadlens.wiring import Wiring, open_command, open_shared_store

# Seconds that a command waits for Redis; nobody else waits for it.
_PATIENCE_S = 2.0

app = typer.Typer(help="The cache: state, clearing, explanation.", no_args_is_help=True)


@app.command()
def stats() -> None:
    """Show hits and misses by key prefix, the workers with their leases, and Redis.

    Example:

      roadlens cache stats
    """
    asyncio.run(_stats())


@app.command()
def clear(
    pattern: Annotated[str, typer.Argument(help="Of keys: `*`, `?` and `[…]`, such as '*drivers_list*'.")],
) -> None:
    """Throw away what is kept under keys that match, on all workers and in Redis. Edits never need it.

    Examples:

      roadlens cache clear '*drivers_list*'

      roadlens cache clear '*'
    """
    count = asyncio.run(_clear(pattern))
    print(f"Nothing that matches {pattern} is found any more, on any worker. {count} answers were freed in Redis.")


@app.command()
def explain(
    url: Annotated[str, typer.Argument(help="Of the admin API; host and scheme may be left out.")],
) -> None:
    """Show under which key an address is kept, what makes that stale, and where it is kept now.

    Example:

      roadlens cache explain '/api/v1/admin/drivers?limit=20'
    """
    asyncio.run(_explain(url))


def _api() -> FastAPI:
    """The API's routes, of which nothing is asked here but what is declared."""
    api = FastAPI()
    api.include_router(v1(), prefix=V1)
    return api


async def _stats() -> None:
    async with open_command(read_settings(), "cache stats") as wiring, open_shared_store(wiring) as shared:
        async with wiring.database.read() as session:
            workers = await cache_state.workers(session)
        redis = await shared.describe()
    kinds = Table("prefix", "hits", "misses", "rate %", "bypasses", "entries", "bytes")
    for name, counts in summed(worker.counts for worker in workers).items():
        asked = counts["hits"] + counts["misses"]
        rate = f"{100 * counts['hits'] / asked:.1f}" if asked else "-"
        told = [counts[column] for column in ("bypasses", "entries", "bytes")]
        kinds.add_row(name, str(counts["hits"]), str(counts["misses"]), rate, *map(str, told))
    leases = Table("worker", "host", "pid", "attached", "renewed")
    for worker in workers:
        state = "yes" if worker.attached else "not yet"
        leases.add_row(str(worker.worker_id), worker.host, str(worker.pid), state, f"{worker.silent_s:.1f} s ago")
    console = Console()
    console.print(kinds if workers else "No server is running on this database.")
    if workers:
        console.print(leases)
    console.print("Redis: " + ", ".join(f"{name} {value}" for name, value in redis.items()))


async def _clear(pattern: str) -> int:
    async with open_command(read_settings(), "cache clear") as wiring, open_shared_store(wiring) as shared:

        async def raise_tags(tags: Sequence[str]) -> None:
            async with wiring.database.write() as session:
                await cache_tags.raise_tags(session, tags)
                await audit.record(session, operator(), "clear", "cache", pattern, None, {"tags": list(tags)})

        clearing = Clearing(prefixes(), shared)
        return await clearing.invalidate_cache_pattern(pattern, raise_tags)


async def _explain(url: str) -> None:
    address = urlsplit(url)
    key = find_key(_api())(address.path, address.query.encode())
    if key is None:
        raise InvalidInput(
            f"{url} is not kept: it is no address whose answers are, or a parameter is wrong. docs/cache.md lists them."
        )
    async with open_command(read_settings(), "cache explain") as wiring:
        async with wiring.database.read() as session:
            versions = await cache_state.versions(session, key.tags)
            workers = await cache_state.workers(session)
        print(f"endpoint  {key.endpoint}")
        print(f"kept for  {key.policy.ttl:g} s, for {key.policy.audience}")
        print(f"key       {key.with_versions(versions)}")
        for tag, version in zip(key.tags, versions, strict=True):
            print(f"stale by  {tag}  (now at version {version})")
        print(f"Redis     {await _in_redis(wiring, key, versions)}")
        for worker in workers:
            kept = worker.counts.get("prefixes", {}).get(key.policy.key_prefix, {})
            print(
                f"worker    {worker.host} {worker.pid}: {kept.get('entries', 0)} of {key.policy.key_prefix} in memory"
            )


async def _in_redis(wiring: Wiring, key: Key, versions: tuple[str, ...]) -> str:
    async with open_shared_store(wiring) as shared:
        if not (await shared.describe())["usable"]:
            return "not in use"
        data = await shared.get(key.with_versions(versions), Budget(_PATIENCE_S))
    if data is None:
        return "not kept there"
    try:
        entry = Entry.from_bytes(data)
    except Unreadable:
        return "something unreadable is kept there; it is written anew with the next request"
    return f"kept there, {entry.size()} bytes, {entry.age():.1f} s old, ETag {entry.etag.decode()}"
