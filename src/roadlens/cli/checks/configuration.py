"""Whether the settings fit each other, the machine and the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from roadlens.cli.checks.finding import Finding
from roadlens.settings import Settings
from roadlens.wiring import admin_password_file

_error = partial(Finding, "settings", "error")
_warning = partial(Finding, "settings", "warning")


def check(settings: Settings, stored_timezone: str | None, processors: int) -> list[Finding]:
    """`stored_timezone`: of the database; None if it has none yet."""
    found = [*_numbers(settings, processors), *_files(settings), *_redis(settings)]
    if stored_timezone not in (None, settings.timezone):
        found.append(
            _error(
                f"the database counts its days in {stored_timezone}, ROADLENS_TIMEZONE is {settings.timezone}",
                "Days of stored trips cannot move: a server does not start like this.",
                f"Set ROADLENS_TIMEZONE={stored_timezone}.",
            )
        )
    return found


def _numbers(settings: Settings, processors: int) -> Iterator[Finding]:
    if settings.workers > processors:
        yield _warning(
            f"ROADLENS_WORKERS is {settings.workers}, and there are {processors} processors",
            "More workers than processors take memory and wait for each other.",
            f"Set ROADLENS_WORKERS to {processors} at most.",
        )
    if settings.db_max_connections < 2 * settings.workers:
        yield _warning(
            f"ROADLENS_DB_MAX_CONNECTIONS is {settings.db_max_connections} for {settings.workers} workers",
            "A worker with one connection answers one question at a time, and stores nothing meanwhile.",
            "Give each worker two at least, better five.",
        )
    if settings.db_pool_size > settings.db_max_connections:
        yield _warning(
            f"ROADLENS_DB_POOL_SIZE ({settings.db_pool_size}) is above ROADLENS_DB_MAX_CONNECTIONS",
            "No more are kept open than there may be.",
            "Lower the first or raise the second.",
        )


def _files(settings: Settings) -> Iterator[Finding]:
    secret = settings.data_dir / "secret.key"
    for path in (secret, admin_password_file(settings)):
        if path.exists() and path.stat().st_mode & 0o077:
            yield _error(
                f"others than its owner may read {path}",
                "Who knows it can sign in, or make tokens of any user.",
                f"chmod 600 {path}; if others use this machine, make a new one: docs/settings.md says how.",
            )
    if settings.admin_password is not None and settings.database_url is not None and settings.secret_key is None:
        yield _warning(
            f"ROADLENS_SECRET_KEY is not set; the key is in {secret}",
            "Of several servers of one database, each refuses the tokens of others that have another key.",
            "Set ROADLENS_SECRET_KEY, the same for all servers of this database.",
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    lonely = {
        "REDIS_PASSWORD": settings.redis_password,
        "ROADLENS_REDIS_USERNAME": settings.redis_username,
        "ROADLENS_REDIS_TLS": settings.redis_tls,
        "ROADLENS_REDIS_CLUSTER": settings.redis_cluster,
    }
    if settings.redis_host is None and (names := [name for name, value in lonely.items() if value]):
        yield _warning(
            f"{', '.join(names)} is set and REDIS_HOST is not",
            "Redis is not used at all.",
            "Set REDIS_HOST, or leave the others out.",
        )
    if settings.redis_ca_file is not None and not settings.redis_tls:
        yield _warning(
            "ROADLENS_REDIS_CA_FILE is set and ROADLENS_REDIS_TLS is not",
            "Redis is spoken to in the clear, and its password can be read on the way.",
            "Set ROADLENS_REDIS_TLS=1.",
        )


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
