"""Two who edit the same drivers at the same moment, each by way of another server. Knows what one of them may be told.

Both go by the version that they know, in `If-Match`: so at most one may be told that the next version is what that one
wrote. The value stays a counter, as with one editor, and what is written says which attempt it is from.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import count
from typing import Final

from lab.connection import Answer
from lab.editors import PRECONDITION_FAILED, Desk
from lab.fleet import Chain
from lab.notes import Notes
from lab.questions import Questions
from lab.registers import AT_LEAST, Seen, written_by

_AGAIN_AFTER_S: Final = 0.1


class Rivals:
    """They know of each other's edits what they read."""

    def __init__(self, desks: Sequence[Desk], notes: Notes, questions: Questions, dice: random.Random) -> None:
        self._desks = desks
        self._notes = notes
        self._questions = questions
        self._dice = dice
        self._attempts = count(1)

    async def work(self, chains: Sequence[Chain], every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))
            await self._race(self._dice.choice(chains))

    async def _race(self, chain: Chain) -> None:
        number = chain.number + 1
        answers = await asyncio.gather(*(self._attempt(desk, chain, number) for desk in self._desks))
        won = [answer for answer in answers if answer is not None and answer.status == 200]
        if len(won) > 1:
            self._notes.wrong(f"{chain.register}: {number} is two attempts' at once", won[-1].ended)
        for answer in won:
            if answer.json()["version"] != number:
                self._notes.wrong(f"{chain.register}: {number} became {answer.json()['version']}", answer.ended)
        # Where nobody knows that they have won, an attempt may have arrived all the same, or arrive yet.
        chain.number = max(chain.number, won[-1].json()["version"] if won else await self._found(chain))
        self._notes.look_at(self._questions.about[chain.register], self._dice)

    async def _attempt(self, desk: Desk, chain: Chain, number: int) -> Answer | None:
        author = next(self._attempts)
        body = {"last_name": written_by(number, author), "first_name": "Odd" if number % 2 else "Even"}
        more = f'If-Match: "{chain.number}"\r\n'
        answer = await desk.once("PATCH", chain.path, chain.register, number, body, more, author=author)
        if answer is not None and answer.status == PRECONDITION_FAILED:
            # Whoever is refused is told that another attempt has become this version, or a later one.
            self._notes.permitted(chain.path, "a rival", answer, Seen(chain.register, AT_LEAST, number))
        return answer

    async def _found(self, chain: Chain) -> int:
        """The version that a reader is given, however often one must ask."""
        (question,) = (each for each in self._questions.about[chain.register] if each.path == chain.path)
        while True:
            answer = await self._dice.choice(self._desks).read(question)
            if answer is not None:
                return int(answer.json()["version"])
            await asyncio.sleep(_AGAIN_AFTER_S)
