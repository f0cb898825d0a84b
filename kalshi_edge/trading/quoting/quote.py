"""A quote: a bin's price on one side that we would be taken at, and the order that posts it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.market import Book, FeeRule, Market
from kalshi_edge.domain.orders import Intent, Order, Side, Strategy, TimeInForce
from kalshi_edge.domain.prices import nearest_price
from kalshi_edge.domain.verdicts import Check, Leg, Opportunity
from kalshi_edge.trading.edge import expected_value
from kalshi_edge.trading.fees import OrderFees, fee_regime, model_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.situation import Situation
from kalshi_edge.trading.sizing import contracts
from kalshi_edge.trading.stages import staged_count
from kalshi_edge.units import CENT, MICRO, ONE, ZERO, floor_to

SHORTEST = timedelta(seconds=30)
"""A quote that would rest for less than this is not worth its place in the queue."""
NO_DEPTH = Decimal(1_000_000)
"""What we post, nobody has to offer: depth is no limit."""


def own_price(side: Side, price: Decimal) -> Decimal:
    """Dollars that one contract of ``side`` costs at ``price`` dollars per YES contract.

    >>> own_price(Side.BUY, Decimal("0.30")), own_price(Side.SELL, Decimal("0.30"))
    (Decimal('0.30'), Decimal('0.70'))
    """
    return price if side is Side.BUY else ONE - price


def is_quote(intent: Intent) -> bool:
    """Whether an order is one of our quotes: an entry of ours that only ever waits."""
    return intent.post_only and not intent.reduces and not intent.adopted


def quote_price(market: Market, side: Side, limit: Decimal, book: Book) -> Decimal | None:
    """The nearest price on the grid that is no worse for us than ``limit`` and does not cross.

    Dollars per YES contract; ``None`` where the grid has none.
    """
    sign = _sign(side)
    facing = book.ask if side is Side.BUY else book.bid
    price = limit
    if facing is not None and sign * (facing - limit) <= ZERO:
        price = facing - sign * MICRO
    return nearest_price(market, side, price) if ZERO < price < ONE else None


@dataclass(frozen=True, slots=True)
class Quote:
    """A bin's price on one side, with every rule's outcome."""

    market: Market
    side: Side
    price: Decimal
    opportunity: Opportunity
    cost: Decimal
    """Dollars for one contract, the maker's fee included."""
    p: float
    """Our probability that the contract of this side pays."""
    behind: Decimal
    """Dollars that somebody else's price on the same side is better."""

    @property
    def is_fine(self) -> bool:
        """Whether every rule lets it through."""
        return all(check.passed for check in self.opportunity.checks)

    @property
    def rank(self) -> tuple[Decimal, float, str, str]:
        """Lower comes first: nearest to the front of the book, then the best expected value."""
        return self.behind, -self.opportunity.ev, self.market.ticker, self.side.value


def quote(outlook: Outlook, place: int, side: Side, playbook: Playbook) -> Quote | None:
    """What we would post in the bin at ``place`` on ``side``; ``None`` where there is no price.

    ``outlook`` has its probabilities in ``said``, whatever they come from.
    """
    assert playbook.quoting is not None
    assert outlook.said is not None
    market, rule, fair = outlook.ladder.markets[place], outlook.fee_rule, outlook.said[place]
    book = outlook.books.get(market.ticker)
    if book is None or not 0 < fair < 1:
        return None
    margin, worth, sign = playbook.quoting.margin, Decimal(repr(fair)), _sign(side)
    margin += model_fee(floor_to(worth, CENT), ONE, rule, is_taker=False)
    price = quote_price(market, side, worth - sign * margin, book)
    if price is None:
        return None
    own, p = own_price(side, price), fair if side is Side.BUY else float(1 - worth)
    cost = own + model_fee(price, ONE, rule, is_taker=False)
    edge, best = expected_value(p, cost), book.bid if side is Side.BUY else book.ask
    raw = expected_value(p, own)
    bid, ask = (book.bid, book.ask) if side is Side.BUY else (_other(book.ask), _other(book.bid))
    leg = Leg(market.ticker, market.bin, p, bid, ask, raw, edge, edge, side)
    opportunity = Opportunity(
        Strategy.SINGLE,
        outlook.ladder.station.city,
        outlook.ladder.climate_day,
        (leg,),
        (*outlook.checks, *_checks(leg, own, edge, playbook)),
    )
    behind = ZERO if best is None else max(sign * (best - price), ZERO)
    return Quote(market, side, price, opportunity, cost, p, behind)


def _other(price: Decimal | None) -> Decimal | None:
    """A price of YES as one of NO."""
    return None if price is None else ONE - price


def _sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1


def _checks(leg: Leg, own: Decimal, edge: float, playbook: Playbook) -> tuple[Check, ...]:
    assert playbook.quoting is not None
    name, gates, margin = str(leg.bin), playbook.gates, playbook.quoting.margin
    bid, ask = (ZERO if leg.bid is None else leg.bid), (ONE if leg.ask is None else leg.ask)
    is_wide = gates.missing_bid_is_wide and (leg.bid is None or leg.ask is None)
    return (
        Check(
            "ask_range",
            gates.min_ask <= own <= gates.max_ask,
            f"{name}: ${own}",
            f"${gates.min_ask} to ${gates.max_ask}",
        ),
        Check(
            "spread",
            ask - bid <= gates.max_spread and not is_wide,
            f"{name}: one side only" if is_wide else f"{name}: ${ask - bid}",
            f"≤ ${gates.max_spread}",
        ),
        Check("margin", edge >= float(margin), f"{edge:+.4f}", f"≥ {margin}"),
        Check("edge_ceiling", edge <= gates.max_edge, f"{edge:+.3f}", f"≤ {gates.max_edge:.3f}"),
    )


def quote_count(
    found: Quote, outlook: Outlook, situation: Situation, limits: Limits, stage: Stage
) -> Decimal:
    """How many contracts: the same fraction of Kelly as an order that takes, at our own price."""
    city, climate_day = found.opportunity.city, found.opportunity.climate_day
    room = situation.burst_left(limits)
    budget = situation.budget(city, climate_day, limits)
    count = contracts(
        p=found.p,
        unit_cost=found.cost,
        bankroll=situation.bankroll,
        budget=budget,
        depth=NO_DEPTH if room is None else room,
        fraction=limits.kelly_fraction,
        step=limits.contract_step,
    )
    rule, at = outlook.fee_rule, situation.at
    while count > ZERO and cost_limit(found.side, found.price, count, rule, at) > budget:
        count -= limits.contract_step
    held = situation.exposure.get((city, climate_day), ZERO)
    return staged_count(stage, count, limits.contract_step, holds_ladder=held > ZERO)


def cost_limit(side: Side, price: Decimal, count: Decimal, rule: FeeRule, at: datetime) -> Decimal:
    """The most in dollars that a quote can come to cost, in however many pieces it is taken."""
    regime = fee_regime(at)
    fee = OrderFees(rule, regime).charge(side, price, count, is_taker=False)[0]
    return own_price(side, price) * count + fee + regime.balance_step


def mark_loss(intent: Intent, book: Book) -> Decimal:
    """Dollars that a quote is worth less than it costs where it is taken and ``book`` stays."""
    if intent.side is Side.BUY:
        return intent.cost_limit - book.sell(intent.count).cost
    found = book.buy(intent.count)
    return intent.cost_limit - (found.count - found.cost)


def quote_intent(
    found: Quote,
    count: Decimal,
    outlook: Outlook,
    *,
    name: str,
    trade_id: str,
    expires_at: datetime,
    at: datetime,
) -> Intent:
    """The order that posts ``found``."""
    leg = found.opportunity.legs[0]
    return Intent(
        intent_id=name,
        trade_id=trade_id,
        strategy=found.opportunity.strategy,
        ticker=found.market.ticker,
        city=found.opportunity.city,
        climate_day=found.opportunity.climate_day,
        side=found.side,
        count=count,
        limit_price=found.price,
        created_at=at,
        fair=leg.fair,
        edge=leg.net_edge,
        cost_limit=cost_limit(found.side, found.price, count, outlook.fee_rule, at),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        post_only=True,
        expires_at=expires_at,
    )


def without(book: Book, order: Order) -> Book:
    """``book`` without what rests of an order of ours: a price of our own says nothing."""
    left, price = order.intent.count - order.filled, order.intent.limit_price
    buys = order.intent.side is Side.BUY
    levels = tuple(
        level if level.price != price else replace(level, count=level.count - left)
        for level in (book.bids if buys else book.asks)
    )
    kept = tuple(level for level in levels if level.count > ZERO)
    return replace(book, bids=kept) if buys else replace(book, asks=kept)
