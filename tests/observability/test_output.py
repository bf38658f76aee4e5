"""Lines are written behind what goes on: a reader that takes none stops nobody, and what is lost is told."""

from __future__ import annotations

import os
import select
from pathlib import Path

from roadlens.observability.output import LONGEST, Output


def notice(dropped: int) -> bytes:
    return b"dropped %d\n" % dropped


def test_lines_are_written_in_their_order(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    output = Output(descriptor, notice)
    told = [b"%d %b\n" % (number, b"x" * (number % 300)) for number in range(5000)]
    for line in told:
        output.write(line)
    output.close()
    os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == b"".join(told)
    assert output.dropped == 0


def test_a_full_pipe_stops_nobody_and_what_it_did_not_take_is_told() -> None:
    reading, writing = os.pipe()
    output = Output(writing, notice, most=100)
    line = b"x" * 999 + b"\n"
    for _ in range(1000):  # a pipe holds 64 kB, so most of these find no room: this loop must end all the same
        output.write(line)
    assert output.dropped > 700
    kept = 1000 - output.dropped
    read = b""
    while b"dropped" not in read or output.waits:
        # Asked first, for who has written all leaves nothing to wait for.
        if select.select([reading], [], [], 0.05)[0]:
            read += os.read(reading, 65536)
    output.write(b"after\n")
    while b"after" not in read:
        read += os.read(reading, 65536)
    output.close()
    os.close(writing)
    os.close(reading)
    assert read.count(line) == kept
    assert b"dropped %d\n" % output.dropped in read


def test_a_process_ends_though_nobody_reads() -> None:
    reading, writing = os.pipe()
    output = Output(writing, notice)
    for _ in range(200):
        output.write(b"x" * 999 + b"\n")
    output.close(within=0.2)
    assert output._thread.is_alive(), "it still waits for the pipe, and nobody waits for it"
    os.close(reading)
    output._thread.join()
    os.close(writing)
    assert output.dropped > 0


def test_lines_of_two_processes_are_not_mixed() -> None:
    """What is written at once is no longer than what a pipe takes whole."""
    reading, writing = os.pipe()
    outputs = [Output(writing, notice) for _ in range(2)]
    for number in range(400):
        for name, output in zip(b"ab", outputs, strict=True):
            output.write(bytes([name]) * (1 + number * 37 % (LONGEST - 1)) + b"\n")
    read = b""
    while read.count(b"\n") < 800:
        read += os.read(reading, 65536)
    for output in outputs:
        output.close()
    os.close(writing)
    os.close(reading)
    assert all(len(set(line)) == 1 for line in read.splitlines())
