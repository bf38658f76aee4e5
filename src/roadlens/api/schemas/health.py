"""Whether the server lives, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from roadlens.api.schemas.answer import Answer, example


class Alive(Answer):
    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class Parts(Answer):
    """What the worker that answers stands on."""

    model_config = example({"server": "ok", "database": "ok", "feed": "attached", "redis": "ok"})

    server: Literal["ok"]
    database: Literal["ok"]
    feed: Literal["attached", "attaching"]
    redis: Literal["ok", "away", "off"]


class Ready(Answer):
    model_config = example(
        {"status": "ready", "parts": {"server": "ok", "database": "ok", "feed": "attached", "redis": "ok"}}
    )

    status: Literal["ready"] = "ready"
    parts: Parts
