"""Where the database is, as SQLAlchemy writes it."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from roadlens.errors import SetupError


def sqlalchemy_url(url: str) -> str:
    """The address with the driver that Roadlens uses: `postgres://…` and `postgresql://…` become `postgresql+psycopg://…`.

    Raises:
        SetupError: it is the address of something else.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise SetupError("DATABASE_URL must look like postgresql://user:password@host:5432/database.")
    return make_url(f"postgresql+psycopg://{rest}").render_as_string(hide_password=False)
