"""How well predicted rates part those who claim from those who do not: groups of equal exposure, and the Gini index."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


class Group(NamedTuple):
    """Policies next to each other in some order: years, claims, and the claims that were predicted."""

    exposure_years: float
    claims: int
    expected_claims: float


def edges(values: Floats, exposure: Floats, groups: int) -> Floats:
    """The values that part the exposure into so many groups of one size, ascending; fewer where values are the same.

    A value belongs to the group whose upper edge it does not pass: equal values are never parted.
    """
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(exposure[order]) / exposure.sum()
    # The small step keeps a sum that is a hair below a share, for rounding, from taking one policy more.
    places = np.searchsorted(shares, np.arange(1, groups) / groups - 1e-12)
    inner = np.unique(values[order][places])
    return np.asarray(inner[inner < values.max()])


def group_of(values: Floats, inner_edges: Floats) -> Ints:
    """Each value's group, from 0."""
    return np.searchsorted(inner_edges, values, side="left")


def lift(predicted: Floats, claims: Ints, exposure: Floats, groups: int = 10) -> list[Group]:
    """Groups of equal exposure by predicted claims a year, the lowest first.

    Args:
        predicted: claims a year that were predicted, shape (n,).
        claims: how many there were.
        exposure: years.
        groups: how many.
    """
    group = group_of(predicted, edges(predicted, exposure, groups))
    return [
        Group(float(exposure[here].sum()), int(claims[here].sum()), round(float((predicted * exposure)[here].sum()), 6))
        for number in range(int(group.max()) + 1)
        for here in (group == number,)
    ]


def gini(predicted: Floats, claims: Ints, exposure: Floats) -> float | None:
    """The Gini index of claims over exposure, in the order of predicted rates (Frees, Meyers and Cummings 2011).

    0: the order says nothing about claims; negative: it is the wrong way round; it cannot reach 1, for claims are
    chance as well. Equal predictions are one step, so their order does not matter. None without claims.
    """
    if not claims.sum():
        return None
    _, step = np.unique(predicted, return_inverse=True)
    years = np.concatenate(([0.0], np.cumsum(np.bincount(step, exposure)))) / exposure.sum()
    share = np.concatenate(([0.0], np.cumsum(np.bincount(step, claims)))) / claims.sum()
    return float(1 - np.sum(np.diff(years) * (share[1:] + share[:-1])))


def poisson_deviance(claims: Ints, expected: Floats) -> float:
    """Twice what the log-likelihood lacks to one with a parameter for each policy (McCullagh and Nelder 1989)."""
    happened = claims > 0
    logs = float(np.sum(claims[happened] * np.log(claims[happened] / expected[happened])))
    return 2 * (logs - float(np.sum(claims - expected)))
