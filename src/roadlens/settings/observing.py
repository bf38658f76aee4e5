"""Settings of what can be seen of a process: the form of its log, what stands in it, and traces."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class ObservingSettings(BaseSettings):
    """The log and traces."""

    log_format: Literal["json", "text"] | None = Field(
        default=None,
        validation_alias="ROADLENS_LOG_FORMAT",
        description="Form of the log, json or text. Without it a server writes text to a terminal and JSON elsewhere, "
        "and other commands write text.",
    )
    log_requests: Literal["all", "computed", "none"] = Field(
        default="computed",
        validation_alias="ROADLENS_LOG_REQUESTS",
        description="Which requests get a line in the log: all, those that are no hits of the cache (computed), "
        "or none.",
    )
    log_sql: bool = Field(
        default=False,
        validation_alias="ROADLENS_LOG_SQL",
        description="1 logs, after each request, delivery and command, the statements that it ran, without values, and "
        "warns of those that ran again and again.",
    )
    otel: bool | None = Field(
        default=None,
        validation_alias="ROADLENS_OTEL",
        description="1 sends traces by OpenTelemetry, 0 never does. Without it they are sent if "
        "OTEL_EXPORTER_OTLP_ENDPOINT says where to.",
    )
