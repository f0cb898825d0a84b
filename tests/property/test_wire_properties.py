"""Strikes, books and whatever else may come over the wire."""

import contextlib
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.kalshi.market_wire import (
    bin_of,
    parse_book,
    parse_ladder,
    parse_market,
    parse_settlement,
)
from kalshi_edge.errors import InputError
from tests.support.builders import NOW, TICKER

degrees = st.integers(-60, 140)
STRIKE_TYPES = ["less", "less_or_equal", "between", "greater", "greater_or_equal"]


def pays(strike_type: str, floor: int, cap: int, high: int) -> bool:
    """What the words of a strike type say."""
    return {
        "less": high < cap,
        "less_or_equal": high <= cap,
        "between": floor <= high <= cap,
        "greater": high > floor,
        "greater_or_equal": high >= floor,
    }[strike_type]


@given(st.sampled_from(STRIKE_TYPES), degrees, degrees, degrees)
def test_a_bin_pays_exactly_when_the_exchanges_words_say_so(strike_type, one, other, high):
    floor, cap = sorted((one, other))
    bin_ = bin_of(
        strike_type,
        None if strike_type.startswith("less") else floor,
        None if strike_type.startswith("greater") else cap,
    )
    assert bin_.contains(high) == pays(strike_type, floor, cap, high)


prices = st.sets(st.integers(1, 99)).map(sorted)
counts = st.integers(1, 10**7)


@given(prices, st.integers(0, 99), st.data())
def test_a_book_is_what_its_yes_and_no_bids_say(cents, split, data):
    yes = [price for price in cents if price <= split]
    no = sorted(100 - price for price in cents if price > split)
    payload = {
        f"{side}_dollars": [[f"{p / 100:.4f}", f"{data.draw(counts) / 100:.2f}"] for p in bids]
        for side, bids in (("yes", yes), ("no", no))
    }
    book = parse_book(TICKER, payload, NOW)
    assert [level.price * 100 for level in book.bids] == yes[::-1]
    assert [level.price * 100 for level in book.asks] == sorted(100 - price for price in no)
    for side, levels in (("yes", book.bids), ("no", book.asks)):
        assert [f"{level.count:.2f}" for level in levels][::-1] == [
            count for _, count in payload[f"{side}_dollars"]
        ]
    assert all(isinstance(level.price, Decimal) for level in (*book.bids, *book.asks))


MARKET = {
    "ticker": "KXHIGHNY-26NOV22-B52.5",
    "event_ticker": "KXHIGHNY-26NOV22",
    "status": "finalized",
    "result": "yes",
    "settlement_value_dollars": "1.0000",
    "expiration_value": "52.00",
    "strike_type": "between",
    "floor_strike": 52,
    "cap_strike": 53,
    "open_time": "2026-11-21T15:00:00Z",
    "close_time": "2026-11-23T05:00:00Z",
    "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    "rules_primary": "If the maximum temperature recorded at New York (CLINYC) for Nov 22, 2026, "
    "is between 52-53° fahrenheit according to The Weather Company, then the market pays.",
    "rules_secondary": "",
}
EVENT = {
    "event_ticker": "KXHIGHNY-26NOV22",
    "series_ticker": "KXHIGHNY",
    "settlement_sources": [{"name": "The Weather Company"}],
    "fee_type_override": None,
    "markets": [MARKET],
}
SERIES = {"ticker": "KXHIGHNY", "fee_type": "quadratic", "fee_multiplier": 1}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["KXHIGHNY-26NOV22", "0.5000", "between", "2026-11-22T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["name", "start", "event_ticker", "ticker"]), inner),
    max_leaves=5,
)  # fmt: skip


def spoilt(payload):
    return st.dictionaries(st.sampled_from(sorted(payload)), anything, max_size=3).map(
        lambda changes: payload | changes
    )


def test_the_unspoilt_payloads_are_read():
    assert parse_settlement(MARKET, NOW).ticker == parse_market(MARKET).ticker == TICKER


@given(spoilt(MARKET), spoilt(EVENT), spoilt(SERIES))
def test_whatever_comes_is_read_or_refused_with_a_sentence(market, event, series):
    for read in (
        lambda: parse_market(market),
        lambda: parse_settlement(market, NOW),
        lambda: parse_ladder(event, SERIES, NOW),
        lambda: parse_ladder(EVENT, series, NOW),
    ):
        with contextlib.suppress(InputError):
            read()
