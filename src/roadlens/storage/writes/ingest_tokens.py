"""Makes and revokes ingest tokens. Takes digests, never tokens."""

from __future__ import annotations

from roadlens.errors import Conflict, NotFound
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Who

_CREATE = """
INSERT INTO ingest_tokens (name, digest) VALUES (:name, :digest) ON CONFLICT (name) DO NOTHING RETURNING token_id
"""
_REVOKE = "UPDATE ingest_tokens SET revoked_at = now() WHERE name = :name AND revoked_at IS NULL RETURNING token_id"


async def create(session: WriteSession, actor: Who, *, name: str, digest: bytes) -> int:
    """Keep a new token's digest and return its id.

    Raises:
        Conflict: there is or was a token of that name.
    """
    token_id: int | None = await session.value(_CREATE, {"name": name, "digest": digest})
    if token_id is None:
        raise Conflict(
            f'There is, or was, a token named "{name}". Choose another name: the log tells them apart by it.',
            field="name",
        )
    await audit.record(session, actor, "create", "ingest_token", str(token_id), None, {"name": name})
    return token_id


async def revoke(session: WriteSession, actor: Who, *, name: str) -> int:
    """End a token and return its id.

    Raises:
        NotFound: there is no such token, or it is revoked already.
    """
    token_id: int | None = await session.value(_REVOKE, {"name": name})
    if token_id is None:
        raise NotFound(f'There is no token named "{name}" that is not revoked. `roadlens tokens list` shows all.')
    await audit.record(session, actor, "revoke", "ingest_token", str(token_id), {"name": name}, None)
    return token_id
