"""Runs Schemathesis over a target and keeps account: what was asked of each operation, what came, what was wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
import zstandard
from hypothesis import strategies as st
from schemathesis import BaseSchema, Config, HookContext, Response, SerializationContext
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import CheckFailureInfo

from fuzzing import checks, parameters, rules
from fuzzing.cases import OURS, AnyCase, Sender, changed
from fuzzing.document import Document, Operation
from fuzzing.target import Target
from roadlens.api import ingest_body

# What Schemathesis asks that cannot be asked here, and why; docs/fuzzing.md has the list.
OFF: Final = {
    "ignored_auth": "tokens are put in just before a request is sent, also into those it sends to try this; "
    "`entrance_is_guarded` asks the same",
    "object_level_authorization": "there are no objects of one user that another may not see",
    "missing_required_header": "no header is required",
}

_LONGEST: Final = 1500  # of what is shown of one finding


@dataclass
class Account:
    """What was asked of one operation."""

    asked: int = 0
    ours: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


@dataclass
class Campaign:
    """One run. The same seed asks the same; what is answered may still depend on the clock.

    Attributes:
        tell: is given each finding as it comes.
        steps: how many sequences of requests follow the links between operations.
        only: a regular expression that the paths of operations must match.
        troubles: what went wrong beside the answers.
    """

    target: Target
    tell: Callable[[str], None]
    examples: int
    seed: int
    steps: int
    only: str | None = None
    coverage: bool = True
    accounts: dict[str, Account] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document = Document(self.target.description())
        for operation in self._operations():
            self.accounts[operation.label] = Account()
            for parameter in operation.parameters:
                parameters.strategy(operation, parameter)

    @property
    def findings(self) -> int:
        """How many kinds of findings there are at all operations together."""
        return sum(len(account.findings) for account in self.accounts.values()) + len(self.troubles)

    def run(self) -> None:
        """Ask everything."""
        schema: BaseSchema = schemathesis.openapi.from_dict(dict(self.document.content), config=self._config())
        if self.only:
            schema = schema.include(path_regex=self.only)
        self._listen()
        for event in from_schema(schema).execute():
            self._take(event)
        self.troubles += sorted(f"The server logged {what}" for what in _raised(self.target.said))

    def _operations(self) -> Iterator[Operation]:
        return self.document.operations()

    def _config(self) -> Config:
        return Config.from_dict(
            {
                "seed": self.seed,
                "base-url": self.target.address,
                "workers": 1,
                "continue-on-failure": True,
                "request-timeout": 30,
                "suppress-health-check": ["all"],
                "generation": {
                    "mode": "all",
                    "max-examples": self.examples,
                    "no-shrink": True,
                    "allow-x00": False,
                    "database": "none",
                },
                "phases": {
                    "coverage": {"enabled": self.coverage, "generate-duplicate-query-parameters": True},
                    "stateful": {"max-steps": 8, "generation": {"max-examples": self.steps}},
                },
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
            account.ours += OURS in case.headers
            account.statuses[response.status_code] += 1
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
        if not isinstance(event, events.ScenarioFinished):
            return
        for case_id, results in event.recorder.checks.items():
            for result in results:
                if result.failure_info is None:
                    continue
                case = event.recorder.cases[case_id].value
                self._find(case.operation.label, result.name, result.failure_info)

    def _find(self, label: str, check: str, info: CheckFailureInfo) -> None:
        """Each kind of finding at an operation is said once, at once, with the request that shows it."""
        failure = info.failure
        finding = f"{check}: {failure.title}"
        account = self.accounts[label]
        if finding not in account.findings:
            shown = f"{failure.message}\n{info.code_sample}"[:_LONGEST]
            self.tell(f"{label} {finding}\n{shown}\n")
        account.findings[finding] += 1


def _raised(said: Sequence[str]) -> set[str]:
    """The exceptions in what a server has printed, each with where it was raised."""
    found, where, inside = set(), "", False
    for line in said:
        if line.startswith("Traceback"):
            inside = True
        elif inside and line.startswith("  File"):
            where = line.strip()
        elif inside and line.strip() and not line.startswith(" "):
            found.add(f"{line.strip()} ({where})")
            inside = False
    return found


def _unpack(response: Response) -> None:
    """The client that Schemathesis asks with knows no zstd."""
    if response.headers.get("content-encoding") == ["zstd"]:
        response.content = zstandard.ZstdDecompressor().decompressobj().decompress(response.content)


def _lines(_context: SerializationContext, value: Any) -> bytes:
    """A list as one JSON value a line."""
    values = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(each) for each in values).encode(errors="surrogatepass")
