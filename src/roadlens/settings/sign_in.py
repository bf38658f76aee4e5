"""Settings of who may sign in, and for how long."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

# RFC 7518, section 3.2: a key for HS256 must be at least as long as its output.
SHORTEST_SECRET = 32
# What earlier versions asked of a password: one that is in use stays. A new one is looked at when it is set.
_SHORTEST_PASSWORD_EVER = 8


class SignInSettings(BaseSettings):
    """The first admin, what signs tokens, and how long sign-ins are known."""

    admin_username: str = Field(
        default="admin",
        validation_alias="ROADLENS_ADMIN_USERNAME",
        min_length=1,
        max_length=100,
        description="Name of the first admin.",
    )
    admin_password: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_ADMIN_PASSWORD",
        min_length=_SHORTEST_PASSWORD_EVER,
        description="Password of that admin, set at each start. Without it one is generated once, into the file "
        "admin-password of the data directory.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_SECRET_KEY",
        min_length=SHORTEST_SECRET,
        description="Signs tokens and page cursors; at least 32 characters, the same on all servers of one database. "
        "Without it one is generated once, into the file secret.key of the data directory.",
    )
    secret_key_previous: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_SECRET_KEY_PREVIOUS",
        min_length=SHORTEST_SECRET,
        description="A second secret whose tokens, page cursors and seals hold as well, for the time of an exchange.",
    )
    token_lifetime: int = Field(
        default=3600,
        validation_alias="ROADLENS_TOKEN_LIFETIME",
        ge=60,
        le=30 * 86400,
        description="Seconds until a token ends that is not exchanged for another one before.",
    )
    session_lifetime: int = Field(
        default=12 * 3600,
        validation_alias="ROADLENS_SESSION_LIFETIME",
        ge=60,
        le=30 * 86400,
        description="Seconds after which a user must give the password again, however often the token was exchanged.",
    )
    audit_sign_in_days: int = Field(
        default=365,
        validation_alias="ROADLENS_AUDIT_SIGN_IN_DAYS",
        ge=1,
        le=36500,
        description="Days for which the log knows of a sign-in, also a refused one, who it was and from where.",
    )
