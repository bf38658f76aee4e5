"""Runs Schemathesis over a target and keeps account: what was asked of each operation, what came, what was wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
import zstandard
from hypothesis import strategies as st
from schemathesis import BaseSchema, Config, HookContext, Response, SerializationContext
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import CheckFailureInfo
from schemathesis.engine.run import PhaseName
from schemathesis.generation.meta import TestPhase

from fuzzing import checks, parameters, rules, well_meant
from fuzzing.cases import OURS, AnyCase, Sender, changed
from fuzzing.document import Document
from fuzzing.said import raised
from fuzzing.target import Target
from roadlens.api import ingest_body

# What Schemathesis asks that cannot be asked here, and why; docs/fuzzing.md has the list.
OFF: Final = {
    "ignored_auth": "tokens are put in just before a request is sent, also into those it sends to try this; "
    "`entrance_is_guarded` asks the same",
    "object_level_authorization": "there are no objects of one user that another may not see",
    "missing_required_header": "no header is required",
}

# Of requests with our values, the part that must be done rather than refused, once so many were sent.
_LEAST_DONE: Final = 0.1
_JUDGED_FROM: Final = 100
# Operations of which another part must be, and why.
HARDLY: Final[dict[str, tuple[float, str]]] = {}

_LONGEST: Final = 1500  # of what is shown of one finding


@dataclass
class Account:
    """What was asked of one operation, how much of it was drawn by chance, and how much has values of ours.

    Attributes:
        done: how much of that with values of ours was done, rather than refused.
    """

    asked: int = 0
    drawn: int = 0
    ours: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    done: int = 0

    def add(self, other: Account) -> None:
        """What another process has asked of it."""
        self.asked += other.asked
        self.drawn += other.drawn
        self.ours += other.ours
        self.statuses += other.statuses
        self.findings += other.findings
        self.done += other.done


@dataclass(frozen=True)
class Wish:
    """What to ask.

    Attributes:
        examples: how many requests to draw for each operation.
        sequences: how many sequences of requests follow the links between operations.
        only: a regular expression that the paths of operations must match.
        coverage: whether each field is asked at its limits.
    """

    examples: int
    sequences: int
    seed: int
    only: str | None = None
    coverage: bool = True


@dataclass
class Campaign:
    """One run. The same seed asks the same; what is answered may still depend on the clock.

    Attributes:
        tell: is given each finding as it comes, and each operation as it ends.
        number: which of the processes that share the work this is, from 0.
        processes: how many share it. Each has some of the operations, and a part of the sequences over all of them.
        troubles: what went wrong beside the answers.
        own: the labels of its operations.
        sequences: how many it asks.
    """

    target: Target
    tell: Callable[[str], None]
    wish: Wish
    number: int = 0
    processes: int = 1
    accounts: dict[str, Account] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document = Document(self.target.description())
        for operation in self.document.operations():
            for parameter in operation.parameters:
                parameters.strategy(operation, parameter)
                if parameter["in"] == "path":
                    well_meant.of_address(operation, parameter["name"])
            if self.wish.only is None or re.search(self.wish.only, operation.path):
                self.accounts[operation.label] = Account()
        self.own = [*self.accounts][self.number :: self.processes]
        self.sequences = len(range(self.number, self.wish.sequences, self.processes))

    def run(self) -> None:
        """Ask everything."""
        self._listen()
        if self.own:
            self._execute(self.own, {"stateful": {"enabled": False}, **self._phases()}, self.wish.seed)
            self.troubles += self.broken_off() + self.hardly_met()
        if self.sequences:
            # The examples come first, for answers to them tell where what was made is found.
            stateful = {"max-steps": 8, "generation": {"max-examples": self.sequences}}
            off = {"coverage": {"enabled": False}, "fuzzing": {"enabled": False}}
            self._execute([*self.accounts], {"stateful": stateful, **off}, self.wish.seed + self.number)
        self.troubles += sorted(f"The server logged {what}" for what in raised(self.target.said))
        self.troubles += [f"roadlens doctor: {what}" for what in self.target.differing()]

    def broken_off(self) -> list[str]:
        """Operations of which fewer requests were drawn than are wished for; Schemathesis does not tell."""
        drawn = {label: self.accounts[label].drawn for label in self.own}
        return [f"{label}: only {count} were drawn" for label, count in drawn.items() if count < self.wish.examples]

    def hardly_met(self) -> list[str]:
        """Operations that were hardly ever done: what lies behind their checks was not asked."""
        judged = {label: self.accounts[label] for label in self.own if self.accounts[label].ours >= _JUDGED_FROM}
        return [
            f"{label}: done in {account.done} of {account.ours} requests with our values"
            for label, account in judged.items()
            if account.done < account.ours * HARDLY.get(label, (_LEAST_DONE,))[0]
        ]

    def _execute(self, labels: Sequence[str], phases: dict[str, Any], seed: int) -> None:
        config = self._config(phases, seed)
        schema: BaseSchema = schemathesis.openapi.from_dict(dict(self.document.content), config=config)
        for event in from_schema(schema.include(name=list(labels))).execute():
            self._take(event)

    def _phases(self) -> dict[str, Any]:
        return {
            "coverage": {"enabled": self.wish.coverage, "generate-duplicate-query-parameters": True},
            # What is drawn must not depend on what was answered: Hypothesis takes that for flaky and says no more.
            "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}},
        }

    def _config(self, phases: dict[str, Any], seed: int) -> Config:
        return Config.from_dict(
            {
                "seed": seed,
                "base-url": self.target.address,
                "workers": 1,
                "continue-on-failure": True,
                "request-timeout": 30,
                "suppress-health-check": ["all"],
                "generation": {
                    "mode": "all",
                    "max-examples": self.wish.examples,
                    "no-shrink": True,
                    "allow-x00": False,
                    "database": "none",
                },
                "phases": phases,
                "checks": {name: {"enabled": False} for name in OFF},
            }
        )

    def _listen(self) -> None:
        sender = Sender(self.target, self.document)
        for check in (
            checks.errors_are_problems,
            checks.security_headers_are_there,
            checks.nothing_fails_while_all_is_well,
            checks.only_those_get_in_who_may(self.document),
        ):
            schemathesis.check(check)
        schemathesis.serializer(*ingest_body.LINES)(_lines)

        @schemathesis.hook
        def before_call(_context: HookContext, case: AnyCase, _options: dict[str, Any]) -> None:
            sender.prepare(case)

        @schemathesis.hook
        def after_call(_context: HookContext, case: AnyCase, response: Response) -> None:
            account = self.accounts[case.operation.label]
            account.asked += 1
            account.drawn += case.meta is not None and case.meta.phase.name is TestPhase.FUZZING
            account.ours += OURS in case.headers
            account.statuses[response.status_code] += 1
            account.done += OURS in case.headers and 200 <= response.status_code < 300
            _unpack(response)
            sender.after(case, response)

        @schemathesis.hook
        def before_generate_case(
            context: HookContext, strategy: st.SearchStrategy[AnyCase]
        ) -> st.SearchStrategy[AnyCase]:
            assert context.operation is not None
            return changed(strategy, self.document.operation(context.operation.label))

        @schemathesis.hook
        def filter_failure(_context: HookContext, failure: Failure, case: AnyCase, response: Response) -> bool:
            return not rules.explains(failure, case, response)

    def _take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.NonFatalError):
            self.troubles.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.Interrupted):
            raise KeyboardInterrupt
        if not isinstance(event, events.ScenarioFinished):
            return
        for case_id, results in event.recorder.checks.items():
            for result in results:
                if result.failure_info is None:
                    continue
                case = event.recorder.cases[case_id].value
                self._find(case.operation.label, result.name, result.failure_info)
        if event.phase is PhaseName.FUZZING and event.label is not None:
            self.tell(f"{event.label}: {self.accounts[event.label].asked:,} requests")

    def _find(self, label: str, check: str, info: CheckFailureInfo) -> None:
        """Each kind of finding at an operation is said once, at once, with the request that shows it."""
        failure = info.failure
        finding = f"{check}: {failure.title}"
        account = self.accounts[label]
        if finding not in account.findings:
            shown = f"{failure.message}\n{info.code_sample}"[:_LONGEST]
            self.tell(f"{label} {finding}\n{shown}\n")
        account.findings[finding] += 1


def _unpack(response: Response) -> None:
    """The client that Schemathesis asks with knows no zstd."""
    if response.headers.get("content-encoding") == ["zstd"]:
        response.content = zstandard.ZstdDecompressor().decompressobj().decompress(response.content)


def _lines(_context: SerializationContext, value: Any) -> bytes:
    """A list as one JSON value a line."""
    values = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(each) for each in values).encode(errors="surrogatepass")
