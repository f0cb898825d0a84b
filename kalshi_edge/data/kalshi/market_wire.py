"""The exchange's JSON, already decoded, into our values: absent, null and zero are three things.

A field that a price, a strike or a rule hangs on must be there; unknown fields are ignored; an
unknown status or fee type becomes ``UNKNOWN``, which is not traded. Everything here raises
``InputError`` or its ``ContractError``, never a ``KeyError``.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.data.kalshi.fields import (
    Payload,
    instant_field,
    known_word,
    object_field,
    optional_instant,
    optional_whole,
    some_objects,
    text_field,
)
from kalshi_edge.data.kalshi.rule_text import MONTHS, check_rules, parse_rules, terms
from kalshi_edge.data.weather.stations import by_series
from kalshi_edge.domain.market import (
    Bin,
    Book,
    FeeChange,
    FeeRule,
    FeeType,
    Ladder,
    Level,
    Market,
    MarketStatus,
    PriceRange,
)
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ContractError, InputError
from kalshi_edge.units import ONE, ZERO, decimal_of

_EVENT = re.compile(r"([A-Z0-9]+)-(\d\d)([A-Z]{3})(\d\d)")
_PLAIN_FIGURE = re.compile(r"-?\d{1,3}(\.\d+)?")


def parse_event_ticker(event_ticker: str) -> tuple[Station, date]:
    """The station and climate day of an event, old series names included.

    >>> station, day = parse_event_ticker("KXHIGHNY-26NOV22")
    >>> station.icao, day.isoformat()
    ('KNYC', '2026-11-22')
    """
    found = _EVENT.fullmatch(event_ticker)
    if found is None:
        raise ContractError(f"{event_ticker!r} is not the ticker of a daily event")
    series, year, month, day = found.groups()
    try:
        return by_series(series), date(2000 + int(year), MONTHS.index(month) + 1, int(day))
    except (InputError, ValueError) as error:
        raise ContractError(f"{event_ticker}: {error}") from error


def event_ticker(station: Station, day: date) -> str:
    """The ticker of a ladder: series and target day.

    >>> from kalshi_edge.data.weather.stations import station_of
    >>> event_ticker(station_of("NYC"), date(2026, 11, 2))
    'KXHIGHNY-26NOV02'
    """
    return f"{station.series}-{day:%y}{MONTHS[day.month - 1]}{day:%d}"


def bin_of(strike_type: str, floor_strike: object, cap_strike: object) -> Bin:
    """The bin of a market's strike fields; a field that is absent is ``None``.

    ``less`` than the cap and ``greater`` than the floor are strict, ``between`` includes both.
    Raises ``ContractError`` for any other type and for strikes that are not whole numbers.

    >>> bin_of("less", None, 73), bin_of("between", 73, 74), bin_of("greater", 80, None)
    (Bin(lower=None, upper=72), Bin(lower=73, upper=74), Bin(lower=81, upper=None))
    """
    floor = optional_whole("floor_strike", floor_strike)
    cap = optional_whole("cap_strike", cap_strike)
    match strike_type, floor, cap:
        case "less", None, int():
            return Bin(None, cap - 1)
        case "less_or_equal", None, int():
            return Bin(None, cap)
        case "greater", int(), None:
            return Bin(floor + 1, None)
        case "greater_or_equal", int(), None:
            return Bin(floor, None)
        case "between", int(), int():
            return Bin(floor, cap)
    raise ContractError(f"no bin of strike type {strike_type!r} from {floor} to {cap}")


def parse_market(payload: Payload, source: str | None = None) -> Market:
    """One market of a daily-high series, its fields held against its own rules.

    ``source`` is what the event names as its settlement source; without it the rules' own word.
    Raises ``ContractError`` where a needed field is missing or the two contradict each other.
    """
    ticker = text_field(payload, "ticker")
    try:
        event_ticker = text_field(payload, "event_ticker")
        station, day = parse_event_ticker(event_ticker)
        if not ticker.startswith(f"{event_ticker}-"):
            raise ContractError(f"not a market of {event_ticker}")
        if payload.get("market_type", "binary") != "binary":
            raise ContractError(f"a {payload['market_type']} market")
        if payload.get("settlement_bounds_type", "default") != "default":
            bounds = payload["settlement_bounds_type"]
            raise ContractError(f"settlement_bounds_type {bounds!r}, only 'default' is traded")
        bin_ = bin_of(
            text_field(payload, "strike_type"),
            payload.get("floor_strike"),
            payload.get("cap_strike"),
        )
        primary = text_field(payload, "rules_primary")
        secondary = text_field(payload, "rules_secondary")
        rules = parse_rules(primary, secondary)
        check_rules(rules, station, day, bin_)
        return Market(
            ticker=ticker,
            bin=bin_,
            status=known_word(MarketStatus, text_field(payload, "status"), MarketStatus.UNKNOWN),
            open_at=optional_instant(payload, "open_time"),
            close_at=instant_field(payload, "close_time"),
            price_ranges=_price_ranges(payload),
            terms=terms(primary, secondary, source or rules.source),
            exchange_index=optional_whole("exchange_index", payload.get("exchange_index")) or 0,
            fee_waived_until=optional_instant(payload, "fee_waiver_expiration_time"),
        )
    except InputError as error:
        raise ContractError(f"{ticker}: {error}") from error


def parse_ladder(
    event: Payload,
    series: Payload,
    received_at: datetime,
    announced: Iterable[Payload] = (),
) -> Ladder:
    """A ladder of an event's answer, its markets inside the event or beside it, and its series.

    ``announced`` are changes of the series' fees, as ``/series/fee_changes`` has them. Raises
    ``ContractError`` where a market is not ours or the markets do not tile the integers.
    """
    body = object_field(event, "event") if "event" in event else event
    event_ticker = text_field(body, "event_ticker")
    station, day = parse_event_ticker(event_ticker)
    named = {text_field(body, "series_ticker"), event_ticker.split("-")[0]}
    if named != {station.series}:
        raise ContractError(f"{event_ticker}: of {', '.join(sorted(named))}, not {station.series}")
    markets = some_objects(body if body.get("markets") else event, "markets")
    strays = [m.get("ticker") for m in markets if m.get("event_ticker") != event_ticker]
    if strays:
        raise ContractError(f"{event_ticker}: markets of another event: {strays}")
    parsed = [parse_market(market, _source(body)) for market in markets]
    return Ladder(
        event_ticker=event_ticker,
        series=station.series,
        station=station,
        climate_day=day,
        markets=tuple(sorted(parsed, key=lambda market: market.bin.edges_f)),
        fee_rule=parse_fee_rule(series, body),
        received_at=received_at,
        fee_changes=_fee_changes(announced, body),
    )


def _fee_changes(announced: Iterable[Payload], event: Payload) -> tuple[FeeChange, ...]:
    """What the announced changes of its series mean for ``event``, which may have its own fees."""
    changes = []
    for change in announced:
        series = {**change, "ticker": change.get("series_ticker")}
        before = change.get("before")
        changes.append(
            FeeChange(
                effective_at=instant_field(change, "scheduled_ts"),
                rule=parse_fee_rule(series, event),
                before=None if before is None else parse_fee_rule(before, event),
            )
        )
    real = (one for one in changes if one.rule != one.before)
    return tuple(sorted(real, key=lambda change: change.effective_at))


def parse_fee_rule(series: Payload, event: Payload | None = None) -> FeeRule:
    """What an event charges: its own override where it has one, otherwise its series' rule.

    >>> parse_fee_rule({"fee_type": "quadratic", "fee_multiplier": 1}).multiplier
    Decimal('1')
    """
    body = object_field(series, "series") if "series" in series else series
    override = event or {}
    if body.get("ticker") != override.get("series_ticker", body.get("ticker")):
        raise ContractError(f"the fees of {body.get('ticker')} for {override['series_ticker']}")
    fee_type = override.get("fee_type_override") or text_field(body, "fee_type")
    multiplier = override.get("fee_multiplier_override")
    if multiplier is None:
        multiplier = body.get("fee_multiplier")
    # The API gives this one figure as a JSON number; its text is what was meant.
    figure = decimal_of(str(multiplier), name="fee_multiplier")
    if figure < ZERO:
        raise ContractError(f"a fee multiplier of {figure}")
    return FeeRule(known_word(FeeType, fee_type, FeeType.UNKNOWN), figure)


def parse_book(ticker: str, payload: Payload, received_at: datetime) -> Book:
    """The book of a REST answer: bids of both sides, best last; NO bids become YES asks.

    A side that is missing or null is empty; where both are missing the answer is not a book.
    """
    if payload.get("ticker", ticker) != ticker:
        raise ContractError(f"{ticker}: a book of {payload['ticker']}")
    body = object_field(payload, "orderbook_fp") if "orderbook_fp" in payload else payload
    if "yes_dollars" not in body and "no_dollars" not in body:
        raise ContractError(f"{ticker}: neither yes_dollars nor no_dollars in {sorted(body)}")
    bids = parse_levels(body.get("yes_dollars"))
    offers = parse_levels(body.get("no_dollars"))
    asks = tuple(Level(ONE - level.price, level.count) for level in reversed(offers))
    return Book(ticker, tuple(reversed(bids)), asks, received_at, received_at)


def parse_levels(pairs: object) -> tuple[Level, ...]:
    """Levels of ``[price, count]`` pairs of strings as they come; ``None`` is an empty side.

    >>> parse_levels([["0.4000", "11.77"]])
    (Level(price=Decimal('0.4000'), count=Decimal('11.77')),)
    """
    if pairs is None:
        return ()
    if not isinstance(pairs, list):
        raise ContractError(f"a side of a book is a list, not {pairs!r}")
    found = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ContractError(f"a level is a price and a count, not {pair!r}")
        price, count = pair
        found.append(Level(decimal_of(price, name="price"), decimal_of(count, name="count")))
    return tuple(found)


def parse_settlement(payload: Payload, received_at: datetime) -> Settlement:
    """The final word on one market: what a YES contract pays, and the °F where it says them.

    Raises ``ContractError`` unless the market is finalized: one that is only determined may still
    be disputed. A figure that is missing or no plain number is ``None``, never 0.
    """
    ticker = text_field(payload, "ticker")
    status = text_field(payload, "status")
    if status != MarketStatus.FINALIZED:
        raise ContractError(f"{ticker}: {status}, not finalized")
    high = payload.get("expiration_value")
    says_high = isinstance(high, str) and _PLAIN_FIGURE.fullmatch(high)
    return Settlement(
        ticker=ticker,
        value=_settled_value(ticker, payload),
        high_f=Decimal(str(high)) if says_high else None,
        valid_at=optional_instant(payload, "settlement_ts") or received_at,
        received_at=received_at,
    )


def _settled_value(ticker: str, payload: Payload) -> Decimal:
    by_result = {"yes": ONE, "no": ZERO}.get(text_field(payload, "result"))
    stated = payload.get("settlement_value_dollars")
    value = by_result if stated is None else decimal_of(stated, name="settlement_value_dollars")
    if value is None:
        raise ContractError(f"{ticker}: result {payload['result']!r} without a value")
    if by_result is not None and value != by_result:
        raise ContractError(f"{ticker}: result {payload['result']!r}, yet pays {value}")
    return value


def _price_ranges(payload: Payload) -> tuple[PriceRange, ...]:
    ranges = tuple(
        PriceRange(*(decimal_of(each.get(name), name=name) for name in ("start", "end", "step")))
        for each in some_objects(payload, "price_ranges")
    )
    if any(each.step <= ZERO for each in ranges):
        raise ContractError(f"a tick that is not above 0: {ranges}")
    return ranges


def _source(event: Payload) -> str | None:
    if not event.get("settlement_sources"):
        return None
    sources = some_objects(event, "settlement_sources")
    return " and ".join(text_field(source, "name").strip() for source in sources)
