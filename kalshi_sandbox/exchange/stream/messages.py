"""News as messages of the stream: what goes into a frame's ``msg``.

Deprecated fields that the exchange still sends are there too. Prices of the NO side are NO prices
unless a subscription asks for YES prices.
"""

from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ONE
from kalshi_sandbox.exchange.rest.wire_out import (
    EXPIRES_AFTER_CLOSE,
    Json,
    contracts,
    direction_json,
    dollars,
    fee_json,
    instant,
    outcome_side,
    precise_dollars,
    price_levels_json,
    quotes_json,
    unix_ms,
    unix_s,
)
from kalshi_sandbox.exchange.rest.wire_portfolio import order_money_json
from kalshi_sandbox.exchange.venue.accounts import Account, VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.events import GroupChanged, MarketChanged
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.listing import MARK, day_words, rules_primary, strikes
from kalshi_sandbox.exchange.venue.records import Trade, VenueEvent, VenueMarket


def shown_price(side: Side, price: Decimal, *, use_yes_price: bool) -> Decimal:
    """A level's price in the scale of a subscription."""
    return price if side is Side.BUY or use_yes_price else ONE - price


def snapshot_msg(market: VenueMarket, *, use_yes_price: bool) -> Json:
    """A whole book; the key of an empty side is absent."""
    msg: Json = {
        "market_ticker": market.ticker,
        "market_id": market.market_id,
        "clock": market.clock,
    }
    for side in Side:
        levels = sorted(
            (shown_price(side, price, use_yes_price=use_yes_price), count)
            for price, count in market.depth[side].items()
        )
        if levels:
            name = f"{outcome_side(side)}_dollars_fp"
            msg[name] = [[dollars(price), contracts(count)] for price, count in levels]
    return msg


def delta_msg(
    market: VenueMarket,
    side: Side,
    price: Decimal,
    by: Decimal,
    at: datetime,
    *,
    use_yes_price: bool,
) -> Json:
    """One level's change, relative."""
    return {
        "market_ticker": market.ticker,
        "market_id": market.market_id,
        "clock": market.clock,
        "price_dollars": dollars(shown_price(side, price, use_yes_price=use_yes_price)),
        "delta_fp": contracts(by),
        "side": outcome_side(side),
        "ts": to_the_millisecond(at),
        "ts_ms": unix_ms(at),
    }


def own_delta_msg(msg: Json, order: VenueOrder) -> Json:
    """The same change as its causer sees it."""
    named = {"client_order_id": order.client_order_id} if order.client_order_id else {}
    return {**msg, **named, "subaccount": 0}


def ticker_msg(market: VenueMarket, at: datetime) -> Json:
    """A market's quotes, last trade and open interest."""
    quotes = quotes_json(market)
    names = ("yes_bid_dollars", "yes_ask_dollars", "yes_bid_size_fp", "yes_ask_size_fp")
    return {
        "market_id": market.market_id,
        "market_ticker": market.ticker,
        "price_dollars": dollars(market.last_price),
        **{name: quotes[name] for name in names},
        "volume_fp": contracts(market.volume),
        "open_interest_fp": contracts(market.open_interest),
        "dollar_volume": int(market.turnover),
        "dollar_open_interest": int(market.open_interest),
        "last_trade_size_fp": contracts(market.last_count),
        "ts": unix_s(at),
        "ts_ms": unix_ms(at),
        "time": to_the_millisecond(at),
    }


def trade_msg(trade: Trade) -> Json:
    """A public trade."""
    taker = outcome_side(trade.taker_side)
    return {
        "trade_id": trade.trade_id,
        "market_ticker": trade.market.ticker,
        "yes_price_dollars": dollars(trade.price),
        "no_price_dollars": dollars(ONE - trade.price),
        "count_fp": contracts(trade.count),
        "taker_side": taker,
        "taker_outcome_side": taker,
        "taker_book_side": trade.taker_side.value,
        "is_block_trade": False,
        "ts": unix_s(trade.at),
        "ts_ms": unix_ms(trade.at),
    }


def fill_msg(fill: VenueFill) -> Json:
    """A member's fill, with their own order id and the position after it."""
    order, trade = fill.order, fill.trade
    named = {"client_order_id": order.client_order_id} if order.client_order_id else {}
    return {
        "trade_id": trade.trade_id,
        "order_id": order.order_id,
        **named,
        "market_ticker": order.market.ticker,
        "exchange_index": 0,
        "is_taker": fill.is_taker,
        **direction_json(order.side),
        "purchased_side": outcome_side(order.side),
        "yes_price_dollars": dollars(trade.price),
        "count_fp": contracts(trade.count),
        "fee_cost": precise_dollars(fill.fee),
        "post_position_fp": contracts(fill.position_after),
        "ts": unix_s(trade.at),
        "ts_ms": unix_ms(trade.at),
        "subaccount": 0,
    }


def order_msg(order: VenueOrder) -> Json:
    """A member's order as it stands."""
    optional: Json = {}
    if order.group is not None:
        optional["order_group_id"] = order.group.group_id
    if order.expires_at is not None:
        optional["expiration_time"] = to_the_millisecond(order.expires_at)
        optional["expiration_ts_ms"] = unix_ms(order.expires_at)
    if order.reason:
        optional["last_update_reason"] = order.reason
    return {
        "order_id": order.order_id,
        "user_id": order.account.user_id,
        "ticker": order.market.ticker,
        "exchange_index": 0,
        "status": order.status,
        "side": outcome_side(order.side),
        "is_yes": order.side is Side.BUY,
        "outcome_side": outcome_side(order.side),
        "book_side": order.side.value,
        "yes_price_dollars": dollars(order.price),
        "fill_count_fp": contracts(order.filled),
        "remaining_count_fp": contracts(order.remaining),
        "initial_count_fp": contracts(order.initial),
        **order_money_json(order),
        "client_order_id": order.client_order_id,
        "self_trade_prevention_type": order.asked.self_trade.value,
        "created_time": to_the_millisecond(order.created_at),
        "created_ts_ms": unix_ms(order.created_at),
        "last_update_time": to_the_millisecond(order.updated_at),
        "last_updated_ts_ms": unix_ms(order.updated_at),
        "subaccount_number": 0,
        **optional,
    }


def position_msg(account: Account, position: Position) -> Json:
    """A member's position in one market."""
    return {
        "user_id": account.user_id,
        "market_ticker": position.market.ticker,
        "position_fp": contracts(position.count),
        "position_cost_dollars": precise_dollars(position.cost),
        "realized_pnl_dollars": precise_dollars(position.realized),
        "fees_paid_dollars": precise_dollars(position.fees),
        "position_fee_cost_dollars": precise_dollars(position.fees),
        "volume_fp": contracts(position.volume),
        "subaccount": 0,
    }


def group_msg(news: GroupChanged, at: datetime) -> Json:
    """A step in an order group's life."""
    tells_limit = news.step in {"created", "limit_updated"}
    limit = {"contracts_limit_fp": contracts(news.group.limit)} if tells_limit else {}
    return {
        "event_type": news.step,
        "order_group_id": news.group.group_id,
        **limit,
        "ts_ms": unix_ms(at),
    }


def market_change_msg(news: MarketChanged) -> Json:
    """A step in a market's life, with what belongs to that step."""
    return {
        "market_ticker": news.market.ticker,
        "event_type": news.step,
        **_step_json(news.market, news.step),
    }


def _step_json(market: VenueMarket, step: str) -> Json:
    if step == "created":
        return {
            "exchange_index": 0,
            "open_ts": unix_s(market.event.open_at),
            "close_ts": unix_s(market.event.close_at),
            "additional_metadata": _metadata_json(market),
            **price_levels_json(market),
        }
    if step in {"activated", "deactivated"}:
        return {"is_deactivated": step == "deactivated"}
    if step == "determined" and market.value is not None and market.determined_at is not None:
        return {
            "determination_ts": unix_s(market.determined_at),
            "result": market.result,
            "settlement_value": dollars(market.value),
        }
    if step == "settled" and market.settled_at is not None:
        return {"settled_ts": unix_s(market.settled_at)}
    return price_levels_json(market)


def _metadata_json(market: VenueMarket) -> Json:
    strike = strikes(market.bin)
    title = f"{MARK}: {strike.label} on {day_words(market.event.day)}"
    return {
        "name": title,
        "title": title,
        "yes_sub_title": strike.label,
        "no_sub_title": strike.label,
        "rules_primary": rules_primary(market),
        "rules_secondary": market.event.series.rules_secondary,
        "can_close_early": True,
        "event_ticker": market.event.ticker,
        "expected_expiration_ts": unix_s(market.event.close_at + EXPIRES_AFTER_CLOSE),
        "strike_type": strike.strike_type,
        **({} if strike.floor is None else {"floor_strike": strike.floor}),
        **({} if strike.cap is None else {"cap_strike": strike.cap}),
    }


def event_msg(event: VenueEvent) -> Json:
    """A new ladder."""
    return {
        "event_ticker": event.ticker,
        "exchange_index": 0,
        "title": f"{MARK}: Highest temperature in {event.series.city} on {day_words(event.day)}?",
        "subtitle": f"On {day_words(event.day)}",
        "collateral_return_type": "MECNET",
        "series_ticker": event.series.ticker,
        "strike_date": unix_s(event.close_at),
    }


def fees_msg(event: VenueEvent) -> Json:
    """An event's own fees, null where they were cleared."""
    fees: Json = {"fee_type": None, "fee_multiplier": None}
    if event.fee_override is not None:
        fees = fee_json(event.fee_override)
    return {
        "event_ticker": event.ticker,
        **{f"{name}_override": value for name, value in fees.items()},
    }


def to_the_millisecond(at: datetime) -> str:
    """RFC 3339 cut off to milliseconds, as the deprecated time fields have it."""
    return instant(at.replace(microsecond=at.microsecond // 1000 * 1000))
