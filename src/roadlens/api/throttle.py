"""How many wrong passwords are too many, for whom, and from where. Keeps nothing itself: all servers share the budgets.

Three budgets are charged *before* a password is checked, so that attempts side by side do not slip through, and
refunded when it was right:

    a name from one address                 nobody elsewhere can use it up
    an address, whatever the names          stops one guesser who tries many names
    a name from all *unknown* addresses     stops many addresses that guess one name; where that user has signed in
                                            before it is neither charged nor asked

So a flood from elsewhere never keeps a user out of where they usually are. (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies", with the address in the cookie's place: programs that sign in keep no cookies.) A name that nobody
has is treated like any other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address, ip_network

from roadlens.storage.writes.sign_ins import Bucket


@dataclass(frozen=True, slots=True)
class Budget:
    """So many failures at once, and another one every `refill_s` seconds."""

    attempts: int
    refill_s: float


NAME_AT_ADDRESS = Budget(10, 300)
ADDRESS = Budget(50, 60)
# Refilled as fast as that of a name at one address: a single one, however patient, never uses it up. NIST SP 800-63B,
# section 5.2.2, allows at most 100 failures in a row.
NAME = Budget(100, 300)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one sign-in is charged to; `address` is a digest."""

    own: tuple[Bucket, ...]
    name: Bucket
    address: bytes

    def buckets(self, *, known: bool) -> tuple[Bucket, ...]:
        return self.own if known else (*self.own, self.name)


class Throttle:
    """Names the budgets of sign-ins. `clock` is what tells how far they have been refilled."""

    def __init__(self, secret: bytes, clock: Callable[[], datetime] = utc_now) -> None:
        self._key = hmac.digest(secret, b"roadlens sign-in budgets", hashlib.sha256)
        self.now = clock

    def attempt(self, user_id: int | None, name: str, host: str) -> Attempt:
        """`user_id` is of whom the name belongs to, if anybody: so no other spelling of it is another name."""
        who = f"name {name.casefold()}" if user_id is None else f"user {user_id}"
        where = network(host)
        return Attempt(
            own=(
                self._bucket(NAME_AT_ADDRESS, f"{where} {who}"),
                self._bucket(ADDRESS, where),
            ),
            name=self._bucket(NAME, who),
            address=self._digest(f"address {where}"),
        )

    def _bucket(self, budget: Budget, what: str) -> Bucket:
        return Bucket(self._digest(what), budget.attempts, budget.refill_s)

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), hashlib.sha256)[:16]


def network(host: str) -> str:
    """Whom an address belongs to: an IPv4 address to one, an IPv6 address to whoever has its /64 (RFC 6177)."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return f"host {host}"
    if not isinstance(address, IPv4Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address) if isinstance(address, IPv4Address) else str(ip_network((address, 64), strict=False))
