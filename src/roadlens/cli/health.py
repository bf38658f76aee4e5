"""`roadlens health`: asks the server of this environment whether it is alive or ready, for whoever supervises it.

`python -m roadlens.cli.health` does so without the other verbs, whose libraries take a second to load.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Annotated, Final

import typer

from roadlens.errors import SetupError
from roadlens.settings import read_settings

# Seconds. Docker and Kubernetes look every ten or so, and take one that is slower for dead.
PATIENCE_S: Final = 4.0


def health(
    *,
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it can answer, not only whether it lives.")
    ] = False,
) -> None:
    """Say whether the server at HOST and PORT is alive, or with --ready whether it can answer. Status 1 if not.

    Example:

      PORT=8000 roadlens health --ready
    """
    settings = read_settings()
    print(_ask(_reachable(settings.host), settings.port, "/readyz" if ready else "/healthz"))


def _ask(host: str, port: int, path: str) -> str:
    """What it answers.

    Raises:
        SetupError: it does not answer, or says no.
    """
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        raise SetupError(f"Nothing answers at {host}:{port}: {error}. HOST and PORT must be the server's.") from error
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise SetupError(f"{path} of {host}:{port} answers {answer.status}: {said}")
    return said


def _reachable(host: str) -> str:
    """Who listens on every address is asked at this machine's own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(type(address)("::1" if address.version == 6 else "127.0.0.1")) if address.is_unspecified else host


if __name__ == "__main__":
    typer.run(health)
