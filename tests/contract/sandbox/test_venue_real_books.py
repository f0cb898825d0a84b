"""Real books, laid into the sandbox order by order, read back the same through its endpoints."""

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kalshi_edge.data.kalshi.market_wire import bin_of, parse_event_ticker
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Side
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.listing import new_event, new_series
from tests.support.sandbox_builders import client, exchange, order_body

CREDIT = Decimal(1_000_000_000)


@pytest.fixture(scope="module")
def passes(shared) -> dict[str, list[dict]]:
    """All captured books by the pass in which they were captured."""
    by_pass = defaultdict(list)
    with gzip.open(shared / "data/kalshi/books_2026-07-16_22.jsonl.gz", "rt") as lines:
        for line in lines:
            book = json.loads(line)
            by_pass[book["capture_id"]].append(book)
    return dict(by_pass)


def bin_in(book: dict) -> Bin:
    return bin_of(book["strike_type"], book["floor_strike"], book["cap_strike"])


def listed(books: list[dict]):
    """An exchange that trades the ladders of one pass."""
    on = exchange(start_at=datetime(2026, 7, 16, 12, tzinfo=UTC))
    venue, ladders = on.venue, defaultdict(list)
    for book in books:
        ladders[book["ticker"].rsplit("-", 1)[0]].append(book)
    for event_ticker, of_event in ladders.items():
        station, day = parse_event_ticker(event_ticker)
        bins = tuple(sorted((bin_in(book) for book in of_event), key=lambda each: each.edges_f))
        event = new_event(venue, new_series(station, venue.now), day, bins)
        venue.list_event(event)
        venue.open_markets(event.markets)
    return on


def orders_of(book: dict) -> list[NewOrder]:
    """An order for every level: NO bids are YES offers turned over."""
    found = []
    for side, name in ((Side.BUY, "yes_dollars"), (Side.SELL, "no_dollars")):
        for price, count in book["raw_orderbook"][name]:
            yes_price = Decimal(price) if side is Side.BUY else 1 - Decimal(price)
            found.append(NewOrder(book["ticker"], side, yes_price, Decimal(count)))
    return found


async def test_all_books_of_seven_days_read_back_level_by_level(passes) -> None:
    count = 0
    for books in passes.values():
        on = listed(books)
        maker = on.venue.open_account("replay", CREDIT, is_house=True)
        for book in books:
            for new in orders_of(book):
                on.desk.place(maker, new)
        asking = client(on)
        tickers = [book["ticker"] for book in books]
        answer = await asking.get("/markets/orderbooks", tickers=tickers)
        shown = {each["ticker"]: each["orderbook_fp"] for each in answer["orderbooks"]}
        for book in books:
            assert shown[book["ticker"]] == book["raw_orderbook"]
            count += 1
    assert count == 1512


async def test_through_signed_batches_the_best_prices_and_depths_are_the_same(passes) -> None:
    books = next(iter(passes.values()))
    on = listed(books)
    asking = client(on, balance="100000000")
    for book in books:
        items = [
            order_body(
                ticker=new.ticker,
                side=new.side.value,
                price=str(new.price),
                count=str(new.count),
            )
            for new in orders_of(book)
        ]
        answer = await asking.ask("POST", "/portfolio/events/orders/batched", {"orders": items})
        assert all("error" not in each for each in answer.json()["orders"])
        asking.wait(1)
        market = (await asking.get(f"/markets/{book['ticker']}"))["market"]
        levels = book["raw_orderbook"]
        for name, side in (("yes", "yes_dollars"), ("no", "no_dollars")):
            best = levels[side][-1][0] if levels[side] else "0.0000"
            assert market[f"{name}_bid_dollars"] == best
        size = levels["yes_dollars"][-1][1] if levels["yes_dollars"] else "0.00"
        assert market["yes_bid_size_fp"] == size
        opposite = levels["no_dollars"][-1][1] if levels["no_dollars"] else "0.00"
        assert market["yes_ask_size_fp"] == opposite
        for depth in (1, 7):
            body = await asking.get(f"/markets/{book['ticker']}/orderbook", depth=depth)
            assert body["orderbook_fp"] == {name: levels[name][-depth:] for name in levels}
        asking.wait(1)
