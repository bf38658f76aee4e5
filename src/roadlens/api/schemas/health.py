"""Whether the server lives, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from roadlens.api.schemas.answer import Answer, example


class Alive(Answer):
    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class Ready(Answer):
    model_config = example({"status": "ready"})

    status: Literal["ready"] = "ready"
