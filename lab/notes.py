"""What all clients share: the history, numbers for what it names, and who is to look at what has changed."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence
from itertools import count

from lab.connection import Answer, Unanswered
from lab.history import LATE, Asked, Failed, Posted, Recorder, Shown, Summed, Worker, Written, Wrong
from lab.questions import Question
from lab.registers import Seen

# Of what has just changed each reader asks so much: all of it would be nearly all that anybody asks.
_ASKED_AT_ONCE = 2

# Bodies of one question whose meaning is remembered.
_REMEMBERED = 500
# Different meanings that are remembered: memory is not to grow with the length of a run.
_DIFFERENT = 50_000
_DETAIL = 300
_PRECONDITION_FAILED = 412


class Notes:
    """One for all clients of the process."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._workers: dict[str, int] = {}
        self._asked: dict[tuple[str, str], int] = {}
        self._shown: dict[tuple[Seen, ...], int] = {}
        self._numbers = count()
        self._meaning: dict[tuple[str, int], dict[bytes, int]] = {}
        self._came: Counter[str] = Counter()
        self._urgent: list[deque[Question]] = []
        # The ETag of the newest answer at each path, from whichever server, and what that answer said.
        self.tagged: dict[str, tuple[str, int]] = {}
        # What answers with an ETag say, by path and ETag; and of those that say what nobody has read yet, the number.
        self._said: dict[tuple[str, str], int] = {}
        self._awaited: dict[tuple[str, str], int] = {}

    def reader(self) -> deque[Question]:
        """What a reader is to ask at once; others fill it."""
        urgent: deque[Question] = deque(maxlen=40)
        self._urgent.append(urgent)
        return urgent

    def look_at(self, questions: Sequence[Question], dice: random.Random) -> None:
        """Let every reader ask some of these at once."""
        for urgent in self._urgent:
            urgent.extend(dice.sample(questions, min(len(questions), _ASKED_AT_ONCE)))

    def answered(self, question: Question, who: str, answer: Answer) -> None:
        meanings = self._meaning.setdefault((question.path, answer.status), {})
        shown = meanings.get(answer.body)
        if shown is None:
            found = question.decode(answer.body) if answer.status == 200 else None
            if len(meanings) >= _REMEMBERED:
                meanings.clear()
            shown = meanings[answer.body] = self._number_of(tuple(question.read(found)))
        if answer.etag:
            self.tagged[question.path] = (answer.etag, shown)
            self._tells(question, answer, shown)
        self._keep(question.path, who, answer, shown)

    def unchanged(self, question: Question, who: str, answer: Answer, shown: int) -> None:
        """The answer says that it is the one that was so tagged: it says what that one said."""
        self._keep(question.path, who, answer, shown)

    def named(self, question: Question, who: str, answer: Answer) -> None:
        """The answer names, by its ETag, one that was read before, or will be. If it is not, it says nothing."""
        tag = (question.path, answer.etag)
        shown = self._said.get(tag, self._awaited.get(tag))
        if shown is None:
            shown = self._awaited[tag] = next(self._numbers)
        self._keep(question.path, who, answer, shown)

    def permitted(self, path: str, who: str, answer: Answer, seen: Seen) -> None:
        """An answer that says something of who asks."""
        self._keep(path, who, answer, self._number_of((seen,)))

    def written(
        self, register: str, number: int, server: str, outcome: Answer | Unanswered, done: bool, author: int = 0
    ) -> None:
        refused = isinstance(outcome, Answer) and outcome.status == _PRECONDITION_FAILED
        self._recorder.event(Written(register, number, outcome.began, outcome.ended, done, server, refused, author))

    def posted(self, device: str, span: tuple[int, int], server: str, outcome: Answer | Unanswered, done: bool) -> None:
        self._recorder.event(Posted(device, *span, outcome.began, outcome.ended, done, server))

    def failed(self, what: str, server: str, outcome: Answer | Unanswered, *, shared: bool = False) -> None:
        """What should have been answered otherwise, or at all. `shared`: others edit the same."""
        if isinstance(outcome, Answer):
            kind, detail = str(outcome.status), outcome.body[:_DETAIL].decode(errors="replace")
        else:
            kind, detail = outcome.kind, ""
        self._recorder.event(Failed(what, kind, detail, outcome.began, outcome.ended, server, shared))

    def late(self, what: str, server: str, answer: Answer) -> None:
        """What was answered, but after a while that takes an excuse."""
        self._recorder.event(Failed(what, LATE, "", answer.began, answer.ended, server))

    def wrong(self, what: str, at: float) -> None:
        self._recorder.event(Wrong(what, at))

    def close(self) -> None:
        for number in self._awaited.values():
            self._recorder.event(Shown(number, []))
        self._recorder.event(Summed(dict(self._came)))
        self._recorder.close()

    def _tells(self, question: Question, answer: Answer, shown: int) -> None:
        """What others that are so tagged say, too."""
        tag = (question.path, answer.etag)
        if len(self._said) >= _DIFFERENT:
            self._said.clear()
        self._said[tag] = shown
        awaited = self._awaited.pop(tag, None)
        if awaited is not None:
            self._recorder.event(Shown(awaited, question.read(question.decode(answer.body))))

    def _keep(self, path: str, who: str, answer: Answer, shown: int) -> None:
        asked = self._asked.get((path, who))
        if asked is None:
            asked = self._asked[path, who] = len(self._asked)
            self._recorder.event(Asked(asked, path, who))
        worker = self._workers.get(answer.worker)
        if worker is None:
            worker = self._workers[answer.worker] = len(self._workers)
            self._recorder.event(Worker(worker, answer.worker))
        self._came[answer.came] += 1
        self._recorder.read(answer.began, answer.ended, shown, asked, worker)

    def _number_of(self, seen: tuple[Seen, ...]) -> int:
        number = self._shown.get(seen)
        if number is None:
            if len(self._shown) >= _DIFFERENT:
                self._shown.clear()
            number = self._shown[seen] = next(self._numbers)
            self._recorder.event(Shown(number, list(seen)))
        return number
