"""Users. A password's hash is in no answer."""

from __future__ import annotations

import datetime

from roadlens.api.schemas.answer import Answer, Next, Version, example
from roadlens.domain import Role

_USER = {
    "user_id": 1,
    "username": "admin",
    "email": None,
    "role": "admin",
    "active": True,
    "created_at": "2026-05-04T09:10:00Z",
    "version": 1,
}


class User(Answer):
    model_config = example(_USER)

    user_id: int
    username: str
    email: str | None
    role: Role
    active: bool
    created_at: datetime.datetime
    version: Version


class UserPage(Answer):
    model_config = example(
        {
            "items": [_USER],
            "next": None,
        }
    )

    items: list[User]
    next: Next
