"""What Schemathesis holds for a mistake and is none, each with its reason; what is not listed here is a finding."""

from __future__ import annotations

from http import HTTPStatus

from schemathesis import Response
from schemathesis.core.failures import AcceptedNegativeData, CustomFailure, Failure, ServerError
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    EnsureResourceAvailability,
    RejectedPositiveData,
    UnsupportedMethodResponse,
    UseAfterFree,
)

from fuzzing.cases import ELSEWHERE, OURS, AnyCase

_OF_WHAT_IT_DREW = (AcceptedNegativeData, RejectedPositiveData, EnsureResourceAvailability, UseAfterFree)


def explains(failure: Failure, case: AnyCase, response: Response) -> bool:
    """Whether there is a reason for what was answered that the OpenAPI document cannot tell."""
    if isinstance(failure, ServerError | CustomFailure):
        return False  # what is asked in `fuzzing/checks.py` holds for every answer
    if ELSEWHERE in case.headers or "/" in str(case.path_parameters.get("unique_id", "")):
        return True  # the address is another operation's, or nobody's
    if isinstance(failure, _OF_WHAT_IT_DREW) and OURS in case.headers:
        return True  # it takes our values for its own
    if isinstance(failure, EnsureResourceAvailability):
        return case.path_parameters.get("unique_id") == "new"  # of a device `new/…` it takes what is before the slash
    if isinstance(failure, RejectedPositiveData):
        return _breaks_a_rule(case, response)
    if isinstance(failure, AcceptedNegativeData):
        if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return True  # it was refused, and before anybody looked what else is wrong
        return case.path.endswith("/ingest/positions")  # the answer lists what is wrong beside what was kept
    if isinstance(failure, UnsupportedMethodResponse):
        return "{unique_id}" in case.path  # a device may call itself `a/assignments`
    if isinstance(failure, AllowHeaderMismatch):  # and can be edited then
        others = failure.missing_methods + failure.undocumented_methods
        return case.path.endswith("/{unique_id}/assignments") and others == ["PATCH"]
    return False


def _breaks_a_rule(case: AnyCase, response: Response) -> bool:
    """Rules that no schema can say."""
    if response.status_code == 412:
        return "If-Match" in case.headers  # it was another version
    if response.status_code == 422:
        # A cursor must be sealed; fields have rules of their own: check digits, dates, what is a telephone number.
        return "after" in case.query or bool(case.operation.body)
    return False
