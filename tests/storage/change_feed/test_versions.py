"""The map of versions."""

from __future__ import annotations

from roadlens.storage.change_feed.messages import Raised
from roadlens.storage.change_feed.versions import Map


def test_changes_are_taken_in_and_the_higher_counter_stays() -> None:
    known = Map()
    assert known.of(["a", "b"]) == ("0", "0")
    known.replace([Raised("a", 9, "x")])
    known.apply([Raised("a", 10, "y"), Raised("b", 1, "z")])
    assert known.of(["b", "a", "c"]) == ("1-z", "10-y", "0")
    known.apply([Raised("a", 9, "w")])
    assert known.of(["a"]) == ("10-y",)
    known.replace([])
    assert known.of(["a"]) == ("0",)


def test_whatever_may_have_changed_gives_another_epoch() -> None:
    known = Map()
    epochs = [known.epoch]
    known.replace([])
    epochs.append(known.epoch)
    known.apply([])
    epochs.append(known.epoch)
    known.doubt()
    epochs.append(known.epoch)
    assert epochs == sorted(set(epochs))
