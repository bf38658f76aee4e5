"""Keys that people can read: kind, path and parameters, and the versions of what would make the answer stale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from roadlens.cache.policy import Policy
from roadlens.cache.versions import Versions

ANSWERS: Final = "response_cache"
VALUES: Final = "value_cache"

# Characters. Longer than this is not kept: nobody asks it twice.
LONGEST: Final = 1000

# An answer is computed again when this share of its time is left, and not earlier than these seconds before its end.
REFRESH_SHARE: Final = 0.1
REFRESH_AT_MOST_S: Final = 10.0


class Key:
    """The name of one answer whatever its version, and its text at the present versions.

    Attributes:
        policy: of the answer.
        endpoint: whose answer it is, for counting.
        url: path and parameters in their one order.
        name: the key without versions, such as `response_cache:drivers_list:/api/v1/admin/drivers?limit=100&skip=0`.
        tags: what makes the answer stale.
        refresh_at: the age in seconds from which one caller has the answer computed again.
    """

    __slots__ = ("_at", "_epoch", "endpoint", "name", "policy", "refresh_at", "tags", "url")

    def __init__(self, policy: Policy, endpoint: str, url: str, path: Mapping[str, str], kind: str = ANSWERS) -> None:
        self.policy = policy
        self.endpoint = endpoint
        self.url = url
        self.name = f"{kind}:{policy.key_prefix}:{url}"
        self.tags = policy.tags_of(path)
        self.refresh_at = policy.ttl - min(policy.ttl * REFRESH_SHARE, REFRESH_AT_MOST_S)
        self._epoch = -1
        self._at = ""

    def at(self, versions: Versions) -> str:
        """The key's text now, such as `response_cache:…?limit=100&skip=0@drivers.41-9f3c2a10,vehicles.7-02aa61ff`."""
        epoch = versions.epoch
        if epoch != self._epoch:
            self._at = self.with_versions(versions.of(self.tags))
            self._epoch = epoch
        return self._at

    def with_versions(self, versions: tuple[str, ...]) -> str:
        """The text at these versions of the tags."""
        told = (f"{quote(tag, safe=':')}.{version}" for tag, version in zip(self.tags, versions, strict=True))
        return f"{self.name}@{','.join(told)}"


def value_key(policy: Policy, path: Mapping[str, str], parameters: Mapping[str, str]) -> Key:
    """The key of a value that is no answer, such as `value_cache:risk_score:driver_id=DRV-0001`."""
    told = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in {**path, **parameters}.items())
    return Key(policy, VALUES, told, path, kind=VALUES)


def canonical(path: str, parameters: Mapping[str, str]) -> str | None:
    """Path and parameters in their one order and spelling; None when that is longer than is kept.

    Both are percent-encoded, so that no name can look like another part of a key.
    """
    told = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(parameters.items()))
    url = quote(path, safe="/") + (f"?{told}" if told else "")
    return url if len(url) <= LONGEST else None


_PARAMETERS: Final = re.compile(r"\?[^@]*")


def without_parameters(text: str) -> str:
    """A key's text for the log: parameters may hold what somebody searched for, such as a name."""
    return _PARAMETERS.sub("", text, count=1)


def namespace(*parts: str) -> str:
    """What stands before all keys of those who write the same answers: entry format, build, schema, settings."""
    return blake2b("\0".join(parts).encode(), digest_size=6).hexdigest() + ":"
