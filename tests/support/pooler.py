"""A real PgBouncer before a database, as people put it there."""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

from tests.support.workers import until

PROGRAM = "/usr/sbin/pgbouncer"

CONFIGURATION = """
[databases]
{name} = host=127.0.0.1 port={server} dbname={name} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = {ignored}
default_pool_size = 20
"""


@asynccontextmanager
async def running_pgbouncer(
    database_url: str, mode: str = "transaction", ignored: str = "options"
) -> AsyncIterator[str]:
    """The address of the database through it. `ignored`: what clients may ask for in vain; the rest it refuses."""
    url = make_url(database_url)
    # It does not run as root, and as nobody it reads nothing in the tests' directories.
    other = ["-u", "nobody"] if os.geteuid() == 0 else []
    with TemporaryDirectory(prefix="roadlens-pgbouncer-") as directory:
        async with _over_tcp(f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}") as server:
            fields = {"name": url.database, "user": url.username, "mode": mode, "ignored": ignored}
            port = _free_port()
            configured = Path(directory) / "pgbouncer.ini"
            configured.write_text(CONFIGURATION.format(**fields, server=server, port=port))
            configured.parent.chmod(0o755)
            process = await asyncio.create_subprocess_exec(PROGRAM, "-q", *other, str(configured), stderr=DEVNULL)
            try:
                await asyncio.to_thread(until, lambda: _listens(port))
                yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
            finally:
                process.terminate()
                await process.wait()


@asynccontextmanager
async def _over_tcp(path: str) -> AsyncIterator[int]:
    """A port behind which a Unix socket lies."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(path)
        try:
            await asyncio.gather(_pass(reader, to_server), _pass(from_server, writer))
        finally:
            writer.close()
            to_server.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
