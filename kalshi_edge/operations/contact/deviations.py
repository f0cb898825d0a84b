"""A deviation: where an answer is not what the code assumes, and what that would break."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kalshi_edge.errors import InputError
from kalshi_edge.operations.check_results import CheckResult, Grade

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Deviation:
    """What was expected and found, and what breaks."""

    found: str
    breaks: str
    is_harmless: bool = False
    """Whether the program copes with it: somebody should know, no more."""


Found = Iterator[Deviation]


def expect(holds: object, found: str, breaks: str, *, harmless: bool = False) -> Found:
    """Nothing where something ``holds``, otherwise the deviation."""
    if not holds:
        yield Deviation(found, breaks, harmless)


def readable(parse: Callable[[], object], breaks: str) -> Found:
    """Nothing where our own parser can read an answer, otherwise what it says."""
    try:
        parse()
    except InputError as error:
        yield Deviation(str(error), breaks)


def result_of(what: str, deviations: list[Deviation], figure: str) -> CheckResult:
    """One line of the report."""
    if not deviations:
        return CheckResult(what, Grade.PASS, figure)
    grade = Grade.WARN if all(one.is_harmless for one in deviations) else Grade.FAIL
    texts = list(dict.fromkeys(one.found for one in deviations))
    more = f"; and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    breaks = " ".join(dict.fromkeys(one.breaks for one in deviations))
    return CheckResult(what, grade, "; ".join(texts[:SHOWN]) + more, breaks)
