"""Writes finished lines to a file descriptor beside the event loop. A reader that is too slow stops nobody.

Lines wait in memory, a bounded number of them; a thread hands them over some at a time. When the disk or the pipe takes
none, those that find no room are dropped and counted, and the next line that is written says how many.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

# Lines that wait at most: some megabytes, for a line has some hundred bytes.
MOST: Final = 10_000

# Bytes. What is written at once to a pipe is not mixed with what other processes write if it is no longer (POSIX,
# PIPE_BUF, on Linux: pipe(7)); so no line may be longer either.
LONGEST: Final = 4096

# Seconds in which lines come together: the first one wakes the thread, and nobody wakes it for the others.
_GATHER_S: Final = 0.02
_LOOK_S: Final = 1.0
_RETRY_S: Final = 0.05

# Seconds that a process which ends waits for its last lines to be taken.
CLOSE_S: Final = 2.0


class Output:
    """The way to one file descriptor.

    Attributes:
        dropped: lines that found no room, or that could not be written.
    """

    def __init__(self, descriptor: int, notice: Callable[[int], bytes], most: int = MOST) -> None:
        """`notice` makes the line that says how many were dropped."""
        self.dropped = 0
        self._descriptor = descriptor
        self._notice = notice
        self._most = most
        self._lines: deque[bytes] = deque()
        self._said = 0
        self._asleep = False
        self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Have a line with its newline written; returns at once."""
        if len(self._lines) >= self._most:
            self.dropped += 1
            return
        self._lines.append(line)
        if self._asleep:
            self._asleep = False
            self._wake.set()

    @property
    def waits(self) -> int:
        """How many lines are still to be written."""
        return len(self._lines)

    def close(self, within: float = CLOSE_S) -> None:
        """Write what waits, for no longer than these seconds."""
        self._closing = True
        self._wake.set()
        self._thread.join(within)

    def _work(self) -> None:
        while True:
            self._asleep = True
            # Who comes between these two lines sees that this sleeps; should that be missed, the wait ends by itself.
            if not self._lines and not self._closing:
                self._wake.wait(_LOOK_S)
            self._asleep = False
            self._wake.clear()
            if self._lines and not self._closing:
                time.sleep(_GATHER_S)
            self._write_all()
            if self._closing and not self._lines:
                return

    def _write_all(self) -> None:
        while self._lines:
            chunk, size = [self._lines.popleft()], 0
            size = len(chunk[0])
            while self._lines and size + len(self._lines[0]) <= LONGEST:
                chunk.append(self._lines.popleft())
                size += len(chunk[-1])
            self._put(b"".join(chunk), len(chunk))
            if self.dropped > self._said:
                missing, self._said = self.dropped - self._said, self.dropped
                self._put(self._notice(missing), 0)

    def _put(self, data: bytes, lines: int) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # somebody else has made the terminal or the pipe one that does not wait
                time.sleep(_RETRY_S)
            except OSError:  # the reader has gone, or the disk is full: there is nobody to tell
                self.dropped += lines
                return
