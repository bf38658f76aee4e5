"""Begins the log, the journal and the traces of a process as its settings say; for server, workers and commands."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from roadlens.observability import log
from roadlens.observability.journal import Journal
from roadlens.observability.tracing import tracer
from roadlens.settings import Settings


def begin_log(settings: Settings, process: str, *, serves: bool = False) -> None:
    """Log from now on. `process` is its name in each line, `serves` whether it is a server or a worker of one."""
    log.begin(settings.log_level, process, form=settings.log_format, secrets=_secrets(settings), serves=serves)


def open_journal(settings: Settings, process: str) -> Journal:
    """The journal of this process; `close` sends what is left of its traces.

    Raises:
        SetupError: traces are wanted, and cannot be kept.
    """
    return Journal.of_process(
        requests=settings.log_requests, sql=settings.log_sql, tracer=tracer(settings.otel, process)
    )


def _secrets(settings: Settings) -> list[str]:
    """What the settings hold that no line of a log may."""
    given = (settings.redis_password, settings.admin_password, settings.secret_key)
    secrets = [secret.get_secret_value() for secret in given if secret is not None]
    if settings.database_url is not None:
        try:
            password = urlsplit(settings.database_url.get_secret_value()).password
        except ValueError:  # whoever opens the database says what is wrong with the address
            password = None
        secrets += [password, unquote(password)] if password else []
    return secrets
