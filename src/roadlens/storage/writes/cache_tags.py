"""Raises tags by hand: what hangs on them is stale for every worker, as if it had been edited."""

from __future__ import annotations

from collections.abc import Sequence

from roadlens.storage.database import WriteSession

_RAISE = "SELECT roadlens_raise_tags(cast(:tags AS text[]))"


async def raise_tags(session: WriteSession, tags: Sequence[str]) -> None:
    """At the session's commit these tags have new versions, and each has at most 500 bytes.

    More than a hundred are too many to tell: `everything` is raised instead.
    """
    await session.value(_RAISE, {"tags": list(tags)})
