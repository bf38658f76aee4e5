"""Chance that can be looked up: the same key and question give the same number, whatever else is asked before.

A stream of random numbers would make every drive depend on the drives drawn before it. Here a drive's luck hangs on its
driver, day and place in the day alone, so tomorrow's fleet is today's fleet and one day more.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

# SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA, fig. 9 and 10.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def root(*numbers: int) -> Keys:
    """A key made of whole numbers, such as a seed and a driver's number; shape (1,)."""
    key = np.zeros(1, dtype=np.uint64)
    for number in numbers:
        key = within(key, np.array([number]))
    return key


def within(keys: Keys, indices: npt.ArrayLike) -> Keys:
    """The keys of the things numbered `indices` inside the things with `keys`; both broadcast."""
    inner = np.atleast_1d(np.asarray(indices, dtype=np.int64)).astype(np.uint64)
    return _mixed(keys + (inner + np.uint64(1)) * _STEP)


def uniform(keys: Keys, question: str, low: float | Floats = 0.0, high: float | Floats = 1.0) -> Floats:
    """A number in [low, high) for each key; the question is any short text that names what is asked."""
    bits = _mixed(keys ^ _mixed(np.full(1, crc32(question.encode()), dtype=np.uint64)))
    return np.asarray(low + (high - low) * ((bits >> np.uint64(11)) * 2.0**-53))


def normal(keys: Keys, question: str) -> Floats:
    """A number of the standard normal distribution for each key. Box and Muller 1958, Ann. Math. Statist. 29:610."""
    radius = np.sqrt(-2 * np.log1p(-uniform(keys, f"{question} radius")))
    return np.asarray(radius * np.cos(2 * np.pi * uniform(keys, f"{question} angle")))


def _mixed(keys: Keys) -> Keys:
    keys = (keys ^ (keys >> np.uint64(30))) * _FIRST
    keys = (keys ^ (keys >> np.uint64(27))) * _SECOND
    return keys ^ (keys >> np.uint64(31))
