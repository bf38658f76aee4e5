"""A log in a file, written as a process of its own writes it, and read back line by line."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from roadlens.observability.lines import Records
from roadlens.observability.log import FormName, Lines
from roadlens.observability.wording import Wording
from tests.support.workers import until


@dataclass(frozen=True)
class LogFile:
    """What writes, and what it has written."""

    handler: Lines
    path: Path

    @property
    def text(self) -> str:
        """All that was written when every line that was told by now has been."""
        mark = f"end {uuid4()}\n".encode()
        self.handler.output.write(mark)
        until(lambda: mark in self.path.read_bytes())
        before = self.path.read_bytes().partition(mark)[0]  # others may go on writing
        return re.sub(r"^end [0-9a-f-]{36}\n", "", before.decode(), flags=re.MULTILINE)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, **fields: object) -> list[dict[str, Any]]:
        """The lines that have these values."""
        return [line for line in self.lines if all(line.get(name) == value for name, value in fields.items())]

    def until(self, happened: Callable[[list[dict[str, Any]]], object]) -> None:
        until(lambda: bool(happened(self.lines)))

    @contextmanager
    def listening(self, level: int = logging.DEBUG) -> Iterator[None]:
        """What Roadlens's loggers are told in the block goes here too."""
        logger = logging.getLogger("roadlens")
        before = logger.level
        logger.addHandler(self.handler)
        logger.setLevel(level)
        try:
            yield
        finally:
            logger.removeHandler(self.handler)
            logger.setLevel(before)


@contextmanager
def opened_log(
    path: Path, form: FormName = "json", *, secrets: tuple[str, ...] = (), least: int = logging.INFO
) -> Iterator[LogFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    handler = Lines(form, Records("test", Wording(secrets)), descriptor, least)
    try:
        yield LogFile(handler, path)
    finally:
        handler.output.close()
        handler.close()
        os.close(descriptor)
