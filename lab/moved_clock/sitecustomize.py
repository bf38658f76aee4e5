"""Python runs this at the start of a server whose clock is moved. Knows what libfaketime breaks, and nothing else.

Under libfaketime 0.9.10 `time.sleep` fails where Python asks for an absolute time (clock_nanosleep(2): EINVAL). A
thread that rests would end: the one that writes the server's log.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep  # type: ignore[assignment]  # which is all that this page is for
