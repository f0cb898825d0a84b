"""What the stream tells against what is asked for: one difference is none, lasting silence is."""

from dataclasses import replace
from datetime import timedelta

from kalshi_edge.data.kalshi.stream_check import CrossCheck
from kalshi_edge.domain.market import Book
from tests.support.builders import NOW, book

HALF_HOUR = timedelta(minutes=30)


def answer(ticker: str, bid: str, hour: int) -> Book:
    return book(ticker, bids=((bid, 10),), at=NOW + hour * HALF_HOUR)


def test_what_changed_while_the_stream_was_silent_to_the_next_question_is_untold() -> None:
    check = CrossCheck()
    known: dict[str, Book] = {}
    for hour, bid, expected in (
        (0, "0.30", set()),
        (1, "0.31", set()),  # the stream may be a moment behind
        (2, "0.31", {"A"}),
        (3, "0.31", set()),  # said once
    ):
        asked = answer("A", bid, hour)
        assert check.untold(known, [asked]) == expected
        known["A"] = asked


def test_what_the_stream_told_however_late_is_fine() -> None:
    check = CrossCheck()
    first, second = answer("A", "0.30", 0), answer("A", "0.31", 1)
    check.untold({}, [first])
    check.untold({"A": first}, [second])
    late = replace(second, received_at=NOW + HALF_HOUR + timedelta(seconds=1))
    assert check.untold({"A": late}, [answer("A", "0.32", 2)]) == set()


def test_a_market_in_which_nothing_happens_is_no_suspect() -> None:
    check, known = CrossCheck(), {}
    for hour in range(4):
        asked = answer("A", "0.30", hour)
        assert check.untold(known, [asked]) == set()
        known["A"] = asked


def test_without_an_answer_nothing_is_held_against_the_stream() -> None:
    check = CrossCheck()
    first, second = answer("A", "0.30", 0), answer("A", "0.31", 1)
    check.untold({}, [first])
    check.untold({"A": first}, [second])
    assert check.untold({"A": second}, []) == {"A"}
    assert check.untold({"A": second}, [second]) == set()
