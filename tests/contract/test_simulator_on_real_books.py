"""The simulated exchange against the recorded books: it gives what they showed, and no more."""

import gzip
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.data.kalshi.market_wire import bin_of, parse_book, parse_event_ticker
from kalshi_edge.domain.market import Book, FeeRule, Ladder
from kalshi_edge.domain.orders import Fill, Side
from kalshi_edge.execution.simulated_ledger import Ledger
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.trading.fees import taker_fee
from tests.support.builders import intent, market

D = Decimal


def passes(shared: Path) -> list[list[dict[str, Any]]]:
    """The recorded books, one list per pass over the markets."""
    path = shared / "data" / "kalshi" / "books_2026-07-16_22.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        records = [json.loads(line) for line in lines]
    return [list(group) for _, group in groupby(records, key=lambda r: r["capture_id"])]


def book_of(record: dict[str, Any]) -> Book:
    at = datetime.fromisoformat(record["captured_at"])
    return parse_book(record["ticker"], record["raw_orderbook"], at)


def ladders_of(records: list[dict[str, Any]]) -> list[Ladder]:
    """The ladders whose books a pass recorded."""
    events = defaultdict(list)
    for record in records:
        bin_ = bin_of(record["strike_type"], record["floor_strike"], record["cap_strike"])
        close_at = datetime.fromisoformat(record["close_time"])
        events[record["ticker"].rsplit("-", 1)[0]].append(market(record["ticker"], bin_, close_at))
    first_at = datetime.fromisoformat(records[0]["captured_at"])
    return [
        Ladder(
            event,
            event.split("-", maxsplit=1)[0],
            *parse_event_ticker(event),
            tuple(sorted(markets, key=lambda m: m.bin.edges_f)),
            FeeRule(),
            first_at,
        )
        for event, markets in events.items()
    ]


@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, "0.60"), (Side.SELL, "0.40")])
async def test_an_order_into_a_real_book_trades_what_the_book_showed(
    shared: Path, side: Side, limit: str
) -> None:
    traded = unfilled = 0
    for records in passes(shared):
        ladders = ladders_of(records)
        assert all(len(ladder.markets) == 6 for ladder in ladders)
        for record in records[::3]:
            shown = book_of(record)
            exchange = SimulatedExchange(D(1000))

            async def feed(shown: Book = shown, ladders=ladders) -> AsyncIterator[Any]:
                for event in (*ladders, shown):
                    yield event

            order = intent(shown.ticker, side, 150, limit)
            fills = []
            async for event in exchange.watch(feed()):
                if event is shown:
                    receipt = await exchange.place(order)
                elif isinstance(event, Fill):
                    fills.append(event)

            sweep = (
                shown.buy(order.count, D(limit))
                if side is Side.BUY
                else shown.sell(order.count, D(limit))
            )
            assert receipt.filled == sum(fill.count for fill in fills) == sweep.count
            assert sum(fill.count * fill.price for fill in fills) == sweep.cost
            assert (fills[-1].price if fills else None) == sweep.worst_price
            sign = 1 if side is Side.BUY else -1
            fees = sum((fill.fee for fill in fills), D(0))
            collateral = sweep.count if side is Side.SELL else 0
            assert exchange.ledger == Ledger(
                1000 - sign * sweep.cost - fees - collateral,
                {shown.ticker: sign * sweep.count} if sweep.count else {},
            )
            if len(fills) == 1:
                at = shown.received_at
                (only,) = fills
                assert only.fee == taker_fee(only.price, only.count, FeeRule(), at, side)
            traded += len(fills)
            unfilled += not fills
    assert traded > 100
    assert unfilled > 50
