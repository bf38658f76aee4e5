"""What a cached answer declares: how long it is kept, under which prefix, what makes it stale, and who may see it."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

# Either the tags themselves, or a function whose parameters are names of path parameters.
Tags = Sequence[str] | Callable[..., Sequence[str]]

_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DECLARED = "__cache_policy__"


class PolicyError(Exception):
    """A declaration that cannot hold. The message says which one; the server does not start with it."""


class Audience(Protocol):
    """Who may see an answer."""

    def admits(self, role: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """One kind of cached answer.

    Attributes:
        ttl: seconds from the moment a load begins for which its answer is kept.
        key_prefix: the name of the kind, in keys and metrics.
        tags: what makes an answer stale.
        audience: who may see it; None lets everybody.
        edited: which values of an answer only edits change, as `{name: value}` of the decoded JSON. The audit compares
            those; None leaves the kind out of the audit.
    """

    ttl: float
    key_prefix: str
    tags: Tags = ()
    audience: Audience | None = None
    edited: Callable[[Any], Mapping[str, object]] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.ttl < math.inf:
            raise PolicyError(f"The policy {self.key_prefix!r} has ttl={self.ttl}: it must be more than 0 seconds.")
        if isinstance(self.tags, str):
            raise PolicyError(f"The policy {self.key_prefix!r} has tags={self.tags!r}: write ({self.tags!r},).")
        if not _PREFIX.fullmatch(self.key_prefix):
            raise PolicyError(
                f"The key prefix {self.key_prefix!r} must be of small letters, digits and underscores, at most 64."
            )

    @property
    def generation(self) -> str:
        """The tag that clearing this prefix raises."""
        return generation(self.key_prefix)

    def tags_of(self, path: Mapping[str, str]) -> tuple[str, ...]:
        """The tags of the answer at these path parameters, the prefix's own and the one of everything with them."""
        named = self.tags(**{name: path[name] for name in _parameters(self.tags)}) if callable(self.tags) else self.tags
        if isinstance(named, str):
            raise PolicyError(f"The tags of {self.key_prefix!r} must be a sequence, not the text {named!r}.")
        return (*sorted(set(named)), self.generation, EVERYTHING)

    def check(self, where: str, path_parameters: Sequence[str]) -> None:
        """See that the tags can be told from the path.

        Raises:
            PolicyError: they ask for a parameter that the path does not have.
        """
        if callable(self.tags):
            for name in _parameters(self.tags):
                if name not in path_parameters:
                    raise PolicyError(f"{where}: its tags ask for {name!r}, which is not a parameter of its path.")


# What a new schema, and clearing all, raise; every answer carries it.
EVERYTHING = "everything"


def generation(key_prefix: str) -> str:
    """The tag that clearing a prefix raises."""
    return f"prefix:{key_prefix}"


class Declaration:
    """What `cache_response` gives: a decorator that leaves the endpoint as it is, and the policy it declares."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _DECLARED, self.policy)
        return endpoint


def cache_response(
    ttl: float = 300,
    key_prefix: str = "cache",
    tags: Tags = (),
    audience: Audience | None = None,
    edited: Callable[[Any], Mapping[str, object]] | None = None,
) -> Declaration:
    """Declare that an endpoint's answer may be kept; see `Policy` for what the arguments mean.

    Raises:
        PolicyError: the time is not positive or the prefix is not one.
    """
    return Declaration(Policy(ttl, key_prefix, tags, audience, edited))


def policy_of(endpoint: Callable[..., object]) -> Policy | None:
    """What `cache_response` declared for this endpoint."""
    found = getattr(endpoint, _DECLARED, None)
    return found if isinstance(found, Policy) else None


def _parameters(tags: Callable[..., Sequence[str]]) -> Sequence[str]:
    return tuple(inspect.signature(tags).parameters)
