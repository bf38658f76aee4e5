"""What of a user somebody fills in. A password is sent on its own, and never comes back."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from roadlens.api import fields
from roadlens.api.new_passwords import objection
from roadlens.api.schemas.answer import Text, example
from roadlens.api.schemas.edits import Body, absent
from roadlens.domain import LONGEST_PASSWORD, SHORTEST_PASSWORD, Role


def _acceptable(password: str) -> str:
    found = objection(password)
    if found is not None:
        raise fields.refusal(found)
    return password


# Spaces at its ends belong to a password. That it is more than its user's name is for who knows the name to see.
NewPassword = Annotated[
    Text,
    Field(
        max_length=LONGEST_PASSWORD,
        description=f"At least {SHORTEST_PASSWORD} characters, not in lists of stolen passwords, and more than the "
        "user's own name.",
    ),
    AfterValidator(_acceptable),
]


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
