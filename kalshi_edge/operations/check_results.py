"""What a check before trading came to, and what to do about it."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum

from kalshi_edge.errors import EdgeError


class Grade(StrEnum):
    """How a check came out."""

    PASS = "PASS"  # noqa: S105 - a result, no password
    WARN = "WARN"
    """Trading starts, but somebody should know."""
    FAIL = "FAIL"
    """Trading does not start like this."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    what: str
    grade: Grade
    figure: str
    advice: str = ""


async def asked(
    what: str, answer: Awaitable[str], advice: str, otherwise: Grade = Grade.FAIL
) -> CheckResult:
    """PASS with the answer, or ``otherwise`` with the error that came in its place."""
    try:
        return CheckResult(what, Grade.PASS, await answer)
    except EdgeError as error:
        return CheckResult(what, otherwise, str(error), advice)
