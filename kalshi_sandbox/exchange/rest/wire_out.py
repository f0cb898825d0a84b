"""Our values in the exchange's JSON, for REST: today's field names, every number a string.

A key whose value is null is left out where the exchange leaves it out.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Side
from kalshi_edge.units import CENT, ONE, ZERO
from kalshi_sandbox.exchange.venue.candles import Candle, Range
from kalshi_sandbox.exchange.venue.listing import (
    CATEGORY,
    MARK,
    SETTLEMENT_TIMER,
    TAG,
    day_words,
    latest_expiration,
    occurs_at,
    rules_primary,
    strikes,
)
from kalshi_sandbox.exchange.venue.records import (
    FeeNotice,
    Trade,
    VenueEvent,
    VenueMarket,
    VenueSeries,
)

Json: TypeAlias = dict[str, Any]

_FOUR, _SIX = Decimal("0.0001"), Decimal("0.000001")
EXPIRES_AFTER_CLOSE = timedelta(hours=11)
TERMS_URL = "https://assets.kalshi.com/contract_terms/GLOBALTEMPERATURE.pdf"
CONTRACT_URL = "https://assets.kalshi.com/regulatory/product-certifications/GLOBALTEMPERATURE.pdf"


def dollars(amount: Decimal) -> str:
    """An amount with four decimals, or six where four do not hold it.

    >>> dollars(Decimal("0.41")), dollars(Decimal("0.016933"))
    ('0.4100', '0.016933')
    """
    four = amount.quantize(_FOUR)
    return str(four if four == amount else amount.quantize(_SIX))


def precise_dollars(amount: Decimal) -> str:
    """An amount with six decimals, as fees and fill costs have.

    >>> precise_dollars(Decimal("0.017"))
    '0.017000'
    """
    return str(amount.quantize(_SIX))


def contracts(count: Decimal) -> str:
    """A count with two decimals.

    >>> contracts(Decimal(5))
    '5.00'
    """
    return str(count.quantize(CENT))


def cents(amount: Decimal) -> int:
    """Whole cents, the rest cut off.

    >>> cents(Decimal("103.2481"))
    10324
    """
    return int(amount * 100)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with as many digits of a second as it takes: none to six.

    >>> instant(datetime(2026, 9, 4, 20, 51, 7, 847760, tzinfo=UTC))
    '2026-09-04T20:51:07.84776Z'
    """
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"


def unix_s(at: datetime) -> int:
    """Whole Unix seconds."""
    return int(at.timestamp())


def unix_ms(at: datetime) -> int:
    """Whole Unix milliseconds."""
    return int(at.timestamp() * 1000)


def outcome_side(side: Side) -> str:
    """What holding the side's contracts bets on."""
    return "yes" if side is Side.BUY else "no"


def direction_json(side: Side) -> Json:
    """A direction in today's two words and in the two deprecated ones still sent."""
    return {
        "side": outcome_side(side),
        "action": "buy",
        "outcome_side": outcome_side(side),
        "book_side": side.value,
    }


# --- what is listed -------------------------------------------------------------------------------


def fee_json(rule: FeeRule) -> Json:
    """A fee rule; the multiplier is the one price-like figure that is a JSON number."""
    return {"fee_type": rule.fee_type.value, "fee_multiplier": _number(rule.multiplier)}


def series_json(series: VenueSeries, volume: Decimal | None = None) -> Json:
    """A series."""
    sources = [{"name": series.source.name, "url": series.source.url}]
    return {
        "ticker": series.ticker,
        "frequency": "daily",
        "title": f"Highest temperature in {series.city} ({MARK})",
        "category": CATEGORY,
        "categories": [CATEGORY],
        "tags": [TAG],
        "settlement_sources": sources,
        "contract_url": CONTRACT_URL,
        "contract_terms_url": TERMS_URL,
        "product_metadata": {
            "important_info": {
                "id": series.notice,
                "markdown": f"**{MARK}**: a simulated market.",
                "message": f"{MARK}: a simulated market.",
                "title": "Important information",
            }
        },
        **fee_json(series.fee_rule),
        "additional_prohibitions": [],
        **({} if volume is None else {"volume_fp": contracts(volume)}),
        "last_updated_ts": instant(series.updated_at),
        "exchange_index": 0,
    }


def fee_notice_json(series: VenueSeries, notice: FeeNotice) -> Json:
    """An announced change of a series' fees."""
    return {
        "id": notice.change_id,
        "series_ticker": series.ticker,
        **fee_json(notice.rule),
        "scheduled_ts": instant(notice.effective_at),
    }


def event_json(event: VenueEvent) -> Json:
    """An event without its markets."""
    series, override = event.series, event.fee_override
    fees: Json = {}
    if override is not None:
        fees = {f"{name}_override": value for name, value in fee_json(override).items()}
    return {
        "event_ticker": event.ticker,
        "series_ticker": series.ticker,
        "title": f"{MARK}: Highest temperature in {series.city} on {day_words(event.day)}?",
        "sub_title": f"On {day_words(event.day)}",
        "category": CATEGORY,
        "collateral_return_type": "MECNET",
        "mutually_exclusive": True,
        "strike_date": instant(event.close_at),
        "strike_period": "",
        "settlement_sources": [{"name": series.source.name, "url": series.source.url}],
        "product_metadata": {"competition": "High Temperature"},
        "last_updated_ts": instant(event.updated_at),
        **fees,
        "exchange_index": 0,
    }


def market_json(market: VenueMarket, now: datetime) -> Json:
    """A market with its quotes: no bid is 0 dollars, no ask is 1, both of size 0."""
    event, strike = market.event, strikes(market.bin)
    expiration = instant(latest_expiration(event.day))
    before = market.candles.latest_before(unix_s(now) - 86_400)
    return {
        "ticker": market.ticker,
        "event_ticker": event.ticker,
        "market_type": "binary",
        "title": f"{MARK}: Will the maximum temperature be {strike.label} on "
        f"{day_words(event.day)}?",
        "subtitle": strike.label,
        "yes_sub_title": strike.label,
        "no_sub_title": strike.label,
        "created_time": instant(market.created_at),
        "updated_time": instant(market.updated_at),
        "open_time": instant(event.open_at),
        "close_time": instant(event.close_at),
        "occurrence_datetime": instant(occurs_at(event.day)),
        "expected_expiration_time": instant(event.close_at + EXPIRES_AFTER_CLOSE),
        "expiration_time": expiration,
        "latest_expiration_time": expiration,
        "settlement_timer_seconds": int(SETTLEMENT_TIMER.total_seconds()),
        "status": market.status.value,
        **quotes_json(market),
        "last_price_dollars": dollars(market.last_price),
        "previous_yes_bid_dollars": dollars(before.bid.close if before else ZERO),
        "previous_yes_ask_dollars": dollars(before.ask.close if before else ZERO),
        "previous_price_dollars": dollars(_last_price(before)),
        "volume_fp": contracts(market.volume),
        "volume_24h_fp": contracts(market.candles.volume_since(now - timedelta(days=1))),
        "open_interest_fp": contracts(market.open_interest),
        "notional_value_dollars": dollars(ONE),
        "result": market.result,
        "expiration_value": market.expiration_value,
        **_settled_json(market),
        "settlement_bounds_type": "default",
        **_waiver_json(market),
        "can_close_early": True,
        "early_close_condition": f"{MARK}: the last trading time is the end of the climate day.",
        "strike_type": strike.strike_type,
        **({} if strike.floor is None else {"floor_strike": strike.floor}),
        **({} if strike.cap is None else {"cap_strike": strike.cap}),
        "rules_primary": rules_primary(market),
        "rules_secondary": event.series.rules_secondary,
        **price_levels_json(market),
        "exchange_index": 0,
    }


def quotes_json(market: VenueMarket) -> Json:
    """A market's best prices and what stands there."""
    bid, ask = market.bid, market.ask
    no_bid = ZERO if ask is None else ONE - ask
    no_ask = ONE if bid is None else ONE - bid
    return {
        "yes_bid_dollars": dollars(ZERO if bid is None else bid),
        "yes_bid_size_fp": contracts(ZERO if bid is None else market.depth[Side.BUY][bid]),
        "yes_ask_dollars": dollars(ONE if ask is None else ask),
        "yes_ask_size_fp": contracts(ZERO if ask is None else market.depth[Side.SELL][ask]),
        "no_bid_dollars": dollars(no_bid),
        "no_ask_dollars": dollars(no_ask),
    }


def price_levels_json(market: VenueMarket) -> Json:
    """A market's ticks."""
    ranges = [
        {"start": dollars(r.start), "end": dollars(r.end), "step": dollars(r.step)}
        for r in market.price_ranges
    ]
    return {"price_level_structure": market.price_structure, "price_ranges": ranges}


def _waiver_json(market: VenueMarket) -> Json:
    until = market.fee_waived_until
    return {} if until is None else {"fee_waiver_expiration_time": instant(until)}


def _settled_json(market: VenueMarket) -> Json:
    settled: Json = {}
    if market.value is not None:
        settled["settlement_value_dollars"] = dollars(market.value)
    if market.settled_at is not None:
        settled["settlement_ts"] = instant(market.settled_at)
    return settled


def _last_price(candle: Candle | None) -> Decimal:
    if candle is None:
        return ZERO
    return candle.price.close if candle.price is not None else candle.previous or ZERO


# --- what is traded -------------------------------------------------------------------------------


def levels_json(market: VenueMarket, side: Side, depth: int = 0) -> list[list[str]]:
    """One side's bids, ascending, in the side's own price: the best is the last.

    Of NO the bids are the YES offers turned over. ``depth`` keeps that many of the best; 0 all.
    """
    levels = market.depth[side].items()
    bids = sorted((p if side is Side.BUY else ONE - p, count) for p, count in levels)
    return [[dollars(price), contracts(count)] for price, count in bids[-depth:]]


def book_json(market: VenueMarket, depth: int = 0) -> Json:
    """A market's book."""
    return {
        "yes_dollars": levels_json(market, Side.BUY, depth),
        "no_dollars": levels_json(market, Side.SELL, depth),
    }


def trade_json(trade: Trade) -> Json:
    """A public trade."""
    taker = outcome_side(trade.taker_side)
    return {
        "trade_id": trade.trade_id,
        "ticker": trade.market.ticker,
        "count_fp": contracts(trade.count),
        "yes_price_dollars": dollars(trade.price),
        "no_price_dollars": dollars(ONE - trade.price),
        "taker_side": taker,
        "taker_outcome_side": taker,
        "taker_book_side": trade.taker_side.value,
        "is_block_trade": False,
        "created_time": instant(trade.at),
    }


def candle_json(candle: Candle) -> Json:
    """A candle of the live endpoints; price fields are null where nothing traded."""
    price: Json = {} if candle.price is None else _range_json(candle.price)
    mean = None if candle.price is None else candle.turnover / candle.volume
    words = ("open_dollars", "low_dollars", "high_dollars", "close_dollars")
    return {
        "end_period_ts": candle.end_s,
        "yes_bid": _range_json(candle.bid),
        "yes_ask": _range_json(candle.ask),
        "price": {
            **{word: price.get(word) for word in words},
            "mean_dollars": _optional_dollars(mean),
            "previous_dollars": _optional_dollars(candle.previous),
        },
        "volume_fp": contracts(candle.volume),
        "open_interest_fp": contracts(candle.open_interest),
    }


def historical_candle_json(candle: Candle) -> Json:
    """A candle of the historical endpoints: the same without the suffixes."""
    live = candle_json(candle)
    ranges = {
        name: {key.removesuffix("_dollars"): value for key, value in live[name].items()}
        for name in ("yes_bid", "yes_ask", "price")
    }
    return {
        "end_period_ts": candle.end_s,
        **ranges,
        "volume": live["volume_fp"],
        "open_interest": live["open_interest_fp"],
    }


def _range_json(prices: Range) -> Json:
    return {
        "open_dollars": dollars(prices.open),
        "low_dollars": dollars(prices.low),
        "high_dollars": dollars(prices.high),
        "close_dollars": dollars(prices.close),
    }


def _optional_dollars(amount: Decimal | None) -> str | None:
    return None if amount is None else dollars(amount.quantize(_FOUR))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
