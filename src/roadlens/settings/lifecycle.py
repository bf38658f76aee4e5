"""Settings of a server's beginning and end: how it drains, and when a worker that hangs is replaced."""

from __future__ import annotations

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

# What the units and manifests of deploy/ leave time for.
SHUTDOWN_S: Final = 15


class LifecycleSettings(BaseSettings):
    """How it stops, and what it takes for dead."""

    drain_seconds: int = Field(
        default=0,
        validation_alias="ROADLENS_DRAIN_SECONDS",
        ge=0,
        le=600,
        description="Seconds for which a server that was told to stop goes on taking requests, while /readyz says 503, "
        "so that load balancers turn away from it first.",
    )
    shutdown_seconds: int = Field(
        default=SHUTDOWN_S,
        validation_alias="ROADLENS_SHUTDOWN_SECONDS",
        ge=1,
        le=3600,
        description="Seconds that answers under way may take after that before they are cut off.",
    )
    worker_timeout: int = Field(
        default=30,
        validation_alias="ROADLENS_WORKER_TIMEOUT",
        ge=2,
        le=3600,
        description="Seconds without a sign of life after which a worker is ended and another one started.",
    )
