"""The live book's protocol: sequence, clock, absent sides, signed changes, and what is corrupt."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.data.kalshi.book import OrderBooks, Resync
from kalshi_edge.data.kalshi.market_wire import parse_book
from kalshi_edge.domain.market import Book
from tests.support.builders import NOW, TICKER, levels

OTHER = "KXHIGHNY-26NOV22-B54.5"


def snapshot(seq: int, ticker: str = TICKER, *, sid: int = 2, clock: int = 100, **sides: Any):
    message = {"market_ticker": ticker, "market_id": "9b0f", "clock": clock} | {
        f"{side}_dollars_fp": levels for side, levels in sides.items()
    }
    return {"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": message}


def delta(
    seq: int,
    side: str,
    price: str,
    by: str,
    ticker: str = TICKER,
    *,
    sid: int = 2,
    clock: int = 101,
    **more: Any,
):
    message = {"market_ticker": ticker, "market_id": "9b0f", "clock": clock, "side": side}
    message |= {"price_dollars": price, "delta_fp": by, "ts_ms": 1795359447827} | more
    return {"type": "orderbook_delta", "sid": sid, "seq": seq, "msg": message}


def received(books: OrderBooks, *frames: dict[str, Any]) -> list[Book | Resync]:
    return [answer for frame in frames for answer in books.receive(frame, NOW)]


def last_book(books: OrderBooks, *frames: dict[str, Any]) -> Book:
    answer = received(books, *frames)[-1]
    assert isinstance(answer, Book)
    return answer


def of_no_prices() -> OrderBooks:
    return OrderBooks(use_yes_price=False)


BOTH = {"yes": [["0.3000", "10.00"]], "no": [["0.6000", "5.00"], ["0.6700", "7.50"]]}


def test_a_snapshot_gives_bids_and_turned_over_offers() -> None:
    book = last_book(of_no_prices(), snapshot(7, **BOTH))
    assert book.bids == levels([("0.30", 10)])
    assert book.asks == levels([("0.33", "7.5"), ("0.40", 5)])


def test_the_no_side_may_come_in_yes_prices() -> None:
    books = OrderBooks(use_yes_price=True)
    frame = snapshot(7, yes=[["0.3000", "10.00"]], no=[["0.3300", "7.50"]])
    assert last_book(books, frame).asks == levels([("0.33", "7.5")])
    changed = last_book(books, delta(8, "no", "0.3200", "1.00"))
    assert changed.asks == levels([("0.32", 1), ("0.33", "7.5")])


def test_taking_no_prices_for_yes_prices_is_noticed_as_a_crossed_book() -> None:
    frame = snapshot(7, yes=[["0.6800", "10.00"]], no=[["0.3100", "5.00"]])
    (answer,) = received(OrderBooks(use_yes_price=True), frame)
    assert isinstance(answer, Resync)
    assert "meets ask" in answer.reason


@pytest.mark.parametrize(
    ("sides", "bids", "asks"),
    [
        ({"yes": [["0.01", "3.00"]]}, levels([("0.01", 3)]), ()),
        ({"no": [["0.99", "3.00"]]}, (), levels([("0.01", 3)])),
        ({}, (), ()),
    ],
)
def test_a_side_without_a_key_is_empty(sides, bids, asks) -> None:
    books = of_no_prices()
    book = last_book(books, snapshot(1, **sides))
    assert (book.bids, book.asks) == (bids, asks)
    changed = last_book(books, delta(2, "no", "0.5000", "1.00"))
    assert (changed.bids, changed.asks) == (bids, asks + levels([("0.50", 1)]))


def test_changes_are_signed_and_a_level_at_zero_is_gone() -> None:
    books = of_no_prices()
    frames = [
        snapshot(1, **BOTH),
        delta(2, "yes", "0.3000", "-4.00"),
        delta(3, "yes", "0.3100", "2.50"),
        delta(4, "no", "0.6700", "-7.50"),
    ]
    book = last_book(books, *frames)
    assert book.bids == levels([("0.31", "2.5"), ("0.30", 6)])
    assert book.asks == levels([("0.40", 5)])


def test_the_times_of_a_change_are_the_exchanges_and_ours() -> None:
    book = last_book(of_no_prices(), snapshot(1, **BOTH), delta(2, "yes", "0.29", "1.00"))
    assert book.valid_at == datetime.fromtimestamp(1795359447.827, UTC)
    assert book.received_at == NOW


def test_a_level_below_zero_costs_the_book_until_a_new_snapshot() -> None:
    books = of_no_prices()
    answers = received(
        books,
        snapshot(1, **BOTH),
        delta(2, "yes", "0.3000", "-10.01"),
        delta(3, "yes", "0.3000", "1.00"),
    )
    assert answers[1:] == [Resync(2, (TICKER,), "-0.01 contracts at 0.3000 yes")]
    assert last_book(books, snapshot(4, clock=103, **BOTH)).bid == Decimal("0.30")


def test_a_gap_loses_every_market_of_the_subscription_and_no_other() -> None:
    books = of_no_prices()
    received(books, snapshot(1, **BOTH), snapshot(2, OTHER, **BOTH), snapshot(1, "X", sid=3))
    lost = received(books, delta(4, "yes", "0.29", "1.00"))
    assert lost == [Resync(2, (TICKER, OTHER), "frame 4 came after 2")]
    assert received(books, delta(5, "yes", "0.29", "1.00", OTHER)) == []
    assert last_book(books, delta(2, "yes", "0.29", "1.00", "X", sid=3)).ticker == "X"


def test_a_snapshot_that_reveals_a_gap_is_itself_good() -> None:
    books = of_no_prices()
    received(books, snapshot(1, **BOTH), snapshot(2, OTHER, **BOTH))
    lost, book = received(books, snapshot(9, **BOTH))
    assert lost == Resync(2, (TICKER, OTHER), "frame 9 came after 2")
    assert isinstance(book, Book)
    assert received(books, delta(10, "yes", "0.29", "1.00", OTHER)) == []


def test_a_second_gap_asks_again_for_what_never_came() -> None:
    books = of_no_prices()
    received(books, snapshot(1, **BOTH), delta(3, "yes", "0.29", "1.00"))
    (again,) = received(books, delta(5, "yes", "0.29", "1.00"))
    assert again == Resync(2, (TICKER,), "frame 5 came after 3")


def test_repeated_frames_are_ignored() -> None:
    books = of_no_prices()
    once = delta(2, "yes", "0.2900", "1.00")
    assert len(received(books, snapshot(1, **BOTH), once, once, snapshot(1))) == 2


def test_answers_to_commands_count_in_the_sequence() -> None:
    books = of_no_prices()
    answer = {"id": 4, "sid": 2, "seq": 2, "type": "ok", "msg": {"market_tickers": [TICKER]}}
    assert received(books, answer, snapshot(1, **BOTH), answer)[1:] == []
    assert last_book(books, delta(3, "yes", "0.29", "1.00")).bids[1].count == 1


def test_frames_of_other_channels_are_ignored() -> None:
    fill = {"type": "fill", "sid": 5, "msg": {"market_ticker": TICKER}}
    trade = {"type": "trade", "sid": 6, "seq": 1, "msg": {"market_ticker": TICKER}}
    assert received(of_no_prices(), fill, trade, trade | {"seq": 9}) == []


def test_a_change_that_the_snapshot_holds_already_is_ignored() -> None:
    books = of_no_prices()
    old = delta(2, "yes", "0.3000", "5.00", clock=100)
    assert len(received(books, snapshot(1, clock=100, **BOTH), old)) == 1
    together = [delta(n, "yes", "0.3000", "5.00", clock=101) for n in (3, 4)]
    assert last_book(books, *together).bids == levels([("0.30", 20)])


def test_a_falling_clock_costs_the_book() -> None:
    books = of_no_prices()
    frames = [delta(2, "yes", "0.29", "1.00", clock=120), delta(3, "yes", "0.29", "1.00")]
    answer = received(books, snapshot(1, **BOTH), *frames)[-1]
    assert answer == Resync(2, (TICKER,), "the clock fell from 120 to 101")


def test_a_change_before_any_snapshot_asks_for_one_once() -> None:
    frames = [delta(n, "yes", "0.29", "1.00") for n in (1, 2)]
    (answer,) = received(of_no_prices(), *frames)
    assert answer == Resync(2, (TICKER,), "a change before any snapshot")


def test_an_ended_subscription_says_nothing_about_a_market_that_another_carries() -> None:
    books = of_no_prices()
    received(books, snapshot(1, **BOTH), snapshot(1, sid=9, **BOTH))
    assert received(books, delta(2, "yes", "0.3000", "1.00")) == []
    assert last_book(books, delta(2, "yes", "0.3000", "1.00", sid=9)).bids[0].count == 11


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"side": "both"}, "no side 'both'"),
        ({"price_dollars": 0.29}, "plain decimal string"),
        ({"delta_fp": None}, "plain decimal string"),
        ({"price_dollars": "1.5000"}, "no order can rest"),
        ({"clock": "late"}, "no clock 'late'"),
        ({"ts_ms": 10**30}, "no instant"),
    ],
)
def test_a_change_that_cannot_be_read_costs_the_book(spoilt, reason: str) -> None:
    books = of_no_prices()
    received(books, snapshot(1, **BOTH))
    bad = delta(2, "yes", "0.2900", "1.00")
    bad["msg"] |= spoilt
    (answer,) = received(books, bad)
    assert isinstance(answer, Resync)
    assert reason in answer.reason
    assert received(books, delta(3, "yes", "0.2900", "1.00")) == []


@pytest.mark.parametrize("shape", [{"yes": [[30, 10]]}, {"no_dollars": [["0.67", "1.00"]]}])
def test_a_snapshot_of_another_time_is_not_an_empty_book(shape) -> None:
    frame = snapshot(1)
    frame["msg"] |= shape
    (answer,) = received(of_no_prices(), frame)
    assert isinstance(answer, Resync)


# --- 1,512 real books --------------------------------------------------------------------------


def real_books(shared: Path) -> Iterator[dict[str, Any]]:
    """The recorded books of five cities, 28 passes over seven days of July 2026."""
    path = shared / "data" / "kalshi" / "books_2026-07-16_22.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        yield from map(json.loads, lines)


def frame_of(record: dict[str, Any], seq: int = 1) -> dict[str, Any]:
    """The snapshot frame that would bring a recorded book; empty sides have no key."""
    raw = record["raw_orderbook"]
    sides = {side: raw[f"{side}_dollars"] for side in ("yes", "no") if raw[f"{side}_dollars"]}
    return snapshot(seq, record["ticker"], **sides)


def test_every_real_book_gives_the_recorded_prices_and_depths(shared: Path) -> None:
    count = 0
    books = of_no_prices()
    for count, record in enumerate(real_books(shared), start=1):
        by_rest = parse_book(record["ticker"], {"orderbook_fp": record["raw_orderbook"]}, NOW)
        assert last_book(books, frame_of(record, count)) == by_rest

        assert _recorded(by_rest.bid) == record["best_yes_bid"]
        assert _recorded(by_rest.ask) == record["best_yes_ask"]
        assert len(by_rest.bids) + len(by_rest.asks) == record["depth"]
        assert [[float(x.price), float(x.count)] for x in by_rest.bids] == record["yes_bids"]
        assert [[float(1 - x.price), float(x.count)] for x in by_rest.asks] == record["no_bids"]
    assert count == 1512


def _recorded(price: Decimal | None) -> float | None:
    return None if price is None else float(price)
