"""A question to the exchange whose answer, or whose absence, is one line of the report."""

from collections.abc import Awaitable, Callable

from kalshi_edge.data.kalshi.fields import Payload
from kalshi_edge.errors import EdgeError
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.operations.contact.deviations import Deviation, Found, result_of

SHAPE_ERRORS = (
    EdgeError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
)  # fmt: skip
"""What reading an answer of an unknown shape may raise."""
UNANSWERED = "Nothing can be said of it; the trader does without, or waits."


async def question(
    what: str, asking: Awaitable[Payload], deviations: Callable[[Payload], Found], figure: str
) -> CheckResult:
    """One question's result: the ``deviations`` of its answer, or that there was none."""
    try:
        answer = await asking
    except EdgeError as error:
        return CheckResult(what, Grade.FAIL, str(error), UNANSWERED)
    return result_of(what, _all(lambda: deviations(answer)), figure)


def _all(found: Callable[[], Found]) -> list[Deviation]:
    """All of them; a shape that nobody thought of is one too, and ends nothing."""
    try:
        return list(found())
    except SHAPE_ERRORS as error:
        return [Deviation(f"an answer of another shape: {error!r}", "What reads it.")]
