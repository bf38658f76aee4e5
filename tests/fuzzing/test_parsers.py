"""Every parser keeps its promises: of good input that was damaged, of whatever bytes, and of what once broke them."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzing.parsers import TARGETS, file
from fuzzing.seeds import GOOD, found, seeds
from tests.support.damage import damaged
from tests.support.installation import real_drives

SOME = settings(deadline=None, derandomize=True, max_examples=60)


@pytest.mark.parametrize("target", TARGETS)
@settings(SOME)
@given(data=st.data())
def test_damaged_input_breaks_no_promise(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(damaged(seeds(target))))


@pytest.mark.parametrize("target", TARGETS)
@settings(SOME)
@given(data=st.binary(max_size=300))
def test_any_bytes_break_no_promise(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_found_stays_mended(target: str) -> None:
    for path in found(target):
        TARGETS[target](path.read_bytes())


def test_every_target_begins_with_something_good() -> None:
    assert TARGETS.keys() == GOOD.keys()
    assert all(GOOD.values())


@pytest.mark.parametrize("path", real_drives("positions.jsonl.gz"))
def test_flipped_bits_in_real_drives(path: Path) -> None:
    """Of the plain file, and of the compressed one, whose good part is read up to where it breaks."""
    dice = random.Random(7)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)[:300]
    for _ in range(40):
        data = bytearray(b"".join(lines))
        for _ in range(dice.randint(1, 50)):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        file(bytes(data))
        packed = bytearray(gzip.compress(b"".join(lines), mtime=0))
        packed[dice.randrange(len(packed))] ^= 1 << dice.randrange(8)
        file(bytes(packed))
