"""What of a user somebody fills in. A password is sent on its own, and never comes back."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from roadlens.api import fields
from roadlens.api.schemas.answer import Text, example
from roadlens.api.schemas.edits import Body, absent
from roadlens.domain import SHORTEST_PASSWORD, Role

LONGEST_PASSWORD = 1000


def _long_enough(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise fields.refusal(f"Is too short. A password has at least {SHORTEST_PASSWORD} characters.")
    return password


# Spaces at its ends belong to a password.
NewPassword = Annotated[Text, Field(max_length=LONGEST_PASSWORD), AfterValidator(_long_enough)]


class NewUser(Body):
    model_config = example(
        {"username": "bo", "password": "correct horse battery staple", "role": "viewer", "email": None}
    )

    username: fields.Line = Field(description="The name to sign in with; its case does not matter.")
    password: NewPassword
    role: Role
    email: fields.Email | None = None


class UserPatch(Body):
    """JSON merge patch (RFC 7396): what is left out stays, null clears."""

    model_config = example({"role": "admin"})

    role: Role = absent()
    active: Annotated[bool, Field(strict=True)] = absent()
    email: fields.Email | None = None


class PasswordReset(Body):
    model_config = example({"password": "correct horse battery staple"})

    password: NewPassword


class OwnPassword(Body):
    model_config = example({"current": "admin-admin", "new": "correct horse battery staple"})

    current: Annotated[Text, Field(min_length=1, max_length=LONGEST_PASSWORD)]
    new: NewPassword
