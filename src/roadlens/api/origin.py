"""Where a request comes from, as the log of changes tells it: from which address, and under which id."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request

from roadlens.storage.reads.users import TokenHolder
from roadlens.storage.writes.audit import Actor

# Under this name a request's scope has its id, where it was given one.
REQUEST_ID: Final = "roadlens.request_id"


class Origin(NamedTuple):
    """`address` is the client's, as a trusted proxy tells it; `request_id` the one in the server's log."""

    address: str | None
    request_id: str | None

    def of(self, holder: TokenHolder) -> Actor:
        """The user, who asks from here."""
        return Actor(holder.username, holder.user_id, *self)

    def named(self, name: str, user_id: int | None = None) -> Actor:
        """Somebody of that name."""
        return Actor(name, user_id, *self)


async def origin(request: Request) -> Origin:
    return Origin(request.client.host if request.client else None, request.scope.get(REQUEST_ID))


From = Annotated[Origin, Depends(origin)]
