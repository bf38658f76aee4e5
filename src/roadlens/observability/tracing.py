"""The contract of whoever keeps traces, and the one place that looks for it. It imports nothing of OpenTelemetry."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from enum import Enum
from importlib import import_module
from typing import Final, Protocol, cast

from roadlens.errors import SetupError
from roadlens.observability.under_way import Span

Attributes = Mapping[str, str | int | float]

# Where to send to: who sets one of these wants traces (OpenTelemetry, "Environment Variable Specification").
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"
_MISSING: Final = "needs OpenTelemetry, which is not installed: pip install 'roadlens[otel]'"

logger = logging.getLogger(__name__)


class Kind(Enum):
    """On which side of a question something is done."""

    SERVER = "server"
    INTERNAL = "internal"


class Tracer(Protocol):
    """Keeps traces, and sends them behind what is done."""

    def begin(self, name: str, kind: Kind, parent: Span | None, asked: Mapping[bytes, bytes]) -> Span:
        """A stretch begins: within its parent, or within what the headers `asked` name."""

    def end(self, span: Span, name: str, attributes: Attributes, *, failed: bool) -> None:
        """It ends."""

    def statement(self, within: Span, statement: str, seconds: float) -> None:
        """A statement has ended just now."""

    def close(self) -> None:
        """Send what is still to be sent, for a few seconds at most."""


def tracer(wanted: bool | None, process: str) -> Tracer | None:
    """Who keeps traces for this process; None where nobody does.

    Args:
        wanted: None leaves it to the variables of OpenTelemetry: traces are kept where these name an endpoint.
        process: what this process is.

    Raises:
        SetupError: traces are wanted, and cannot be kept.
    """
    if not _is_on(wanted):
        return None
    protocol = next((os.environ[name] for name in _PROTOCOLS if os.environ.get(name)), _SPOKEN)
    if protocol != _SPOKEN:
        raise SetupError(f"Traces are sent as {_SPOKEN} only: set OTEL_EXPORTER_OTLP_PROTOCOL to that, or to nothing.")
    try:
        module = import_module("roadlens.observability.spans")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        if wanted:
            raise SetupError(f"ROADLENS_OTEL=1 {_MISSING}") from error
        # The variable may be meant for other programs of this machine.
        logger.warning("An endpoint for traces is set, but that %s. Nothing is traced.", _MISSING)
        return None
    return cast(Callable[[str], Tracer], module.begin)(process)


def _is_on(wanted: bool | None) -> bool:
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS) if wanted is None else wanted
