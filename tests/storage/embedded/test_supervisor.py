"""How long the supervisor waits before it starts PostgreSQL again."""

from __future__ import annotations

from roadlens.storage.embedded.supervisor import PAUSES_S, pause_after


def test_a_server_that_ran_well_is_started_again_at_once() -> None:
    assert pause_after(0) == PAUSES_S[0] == min(PAUSES_S)


def test_one_that_fails_again_and_again_is_left_alone_for_ever_longer() -> None:
    assert [pause_after(failures) for failures in range(1, 10)] == [*PAUSES_S, PAUSES_S[-1]]
