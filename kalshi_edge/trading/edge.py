"""Single-bin opportunities: what a bin is worth against what it costs, and the gates on that.

Here, and only here, a probability meets a price.
"""

from dataclasses import dataclass
from decimal import Decimal

from kalshi_edge.choices import FeeGate
from kalshi_edge.domain.market import Book, FeeRule, Ladder, Market
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.verdicts import Check, Leg, Opportunity
from kalshi_edge.trading.fees import model_fee
from kalshi_edge.units import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Gates:
    """What an edge must pass. Prices and edges in dollars per contract."""

    min_edge: float = 0.05
    max_edge: float = 0.35
    """Above this the data is wrong until shown otherwise."""
    min_ask: Decimal = Decimal("0.05")
    max_ask: Decimal = Decimal("0.95")
    max_spread: Decimal = Decimal("0.12")
    fee_rate: Decimal = Decimal("0.01")
    """The house's gate fee at a price of one dollar; it grows as the contract gets cheaper."""
    fee_gate: FeeGate = FeeGate.HOUSE
    min_bracket_edge: float = 0.10
    missing_bid_is_wide: bool = True
    """Whether a bin that nobody bids for has a spread too wide; it used to be its whole ask."""


def expected_value(fair: float, *costs: Decimal) -> float:
    """Dollars a contract earns on average: its probability less everything it costs.

    fair − Σ costs, a contract paying one dollar. Exact in the digits that ``fair`` is written with,
    so that an edge exactly at a limit is not moved over it by binary fractions.

    >>> round(expected_value(0.42, Decimal("0.30"), Decimal("0.0147")), 4)
    0.1053
    """
    return float(Decimal(repr(fair)) - sum(costs, ZERO))


def gate_fee(ask: Decimal, rule: FeeRule, gates: Gates) -> Decimal:
    """The fee the gate subtracts, dollars per contract.

    The house's is ``fee_rate / ask``: dear for cheap contracts on purpose, since those lose most.
    The exchange's is its own formula without rounding.

    >>> gate_fee(Decimal("0.20"), FeeRule(), Gates())
    Decimal('0.05')
    """
    if gates.fee_gate is FeeGate.EXCHANGE:
        return model_fee(ask, ONE, rule, is_taker=True)
    return gates.fee_rate / ask


def leg(
    market: Market,
    fair: float,
    book: Book | None,
    rule: FeeRule,
    gates: Gates,
    *,
    side: Side = Side.BUY,
) -> Leg:
    """One side's figures of a bin: its probability, its quotes and its edges; edges need an ask.

    ``fair`` is the bin's probability. NO is bought at 1 − the bid of YES.
    """
    bid, ask = (book.bid, book.ask) if book else (None, None)
    if side is Side.SELL:
        fair = 1.0 - fair
        bid, ask = (None if ask is None else ONE - ask), (None if bid is None else ONE - bid)
    if ask is None:
        return Leg(market.ticker, market.bin, fair, bid, None, None, None, None, side)
    return Leg(
        market.ticker,
        market.bin,
        fair,
        bid,
        ask,
        raw_edge=expected_value(fair, ask),
        net_edge=expected_value(fair, ask, gate_fee(ask, rule, gates)),
        ev=expected_value(fair, ask, model_fee(ask, ONE, rule, is_taker=True)),
        side=side,
    )


def market_mid(leg: Leg) -> float | None:
    """The middle of a bin's quotes, dollars; ``None`` where nobody quotes it.

    The mids of a ladder do not sum to 1.
    """
    return quoted_mid(leg.bid, leg.ask)


def quoted_mid(bid: Decimal | None, ask: Decimal | None) -> float | None:
    """Between a bid and an ask, dollars; a missing one stands at its bound, 0 or 1.

    >>> quoted_mid(Decimal("0.30"), Decimal("0.34")), quoted_mid(None, Decimal("0.10"))
    (0.32, 0.05)
    """
    if bid is None and ask is None:
        return None
    return float((ZERO if bid is None else bid) + (ONE if ask is None else ask)) / 2


def quote_checks(leg: Leg, gates: Gates) -> tuple[Check, ...]:
    """Whether a bin's quotes are ones we trade at: an ask, in its range, near enough the bid."""
    name = str(leg.bin)
    if leg.ask is None:
        return (Check("has_ask", False, f"{name}: none", "an ask"),)
    return (
        Check(
            "ask_range",
            gates.min_ask <= leg.ask <= gates.max_ask,
            f"{name}: ${leg.ask}",
            f"${gates.min_ask} to ${gates.max_ask}",
        ),
        spread_check(leg, gates),
    )


def spread_check(leg: Leg, gates: Gates) -> Check:
    """Whether a side that is offered is bid for at nearly as much."""
    is_wide = gates.missing_bid_is_wide and leg.bid is None
    spread = (leg.ask or ZERO) - (leg.bid or ZERO)
    return Check(
        "spread",
        spread <= gates.max_spread and not is_wide,
        f"{leg.bin}: no bid" if is_wide else f"{leg.bin}: ${spread}",
        f"≤ ${gates.max_spread}",
    )


def ceiling_check(edge: float, gates: Gates) -> Check:
    """Whether an edge is small enough to be believed."""
    return Check("edge_ceiling", edge <= gates.max_edge, f"{edge:+.3f}", f"≤ {gates.max_edge:.3f}")


def single_opportunities(
    ladder: Ladder, legs: tuple[Leg, ...], gates: Gates
) -> tuple[Opportunity, ...]:
    """Every bin of the ladder as an opportunity of its own, with every gate's outcome."""
    return tuple(
        Opportunity(
            Strategy.SINGLE,
            ladder.station.city,
            ladder.climate_day,
            (leg,),
            (*quote_checks(leg, gates), *_edge_checks(leg, gates)),
        )
        for leg in legs
    )


def _edge_checks(leg: Leg, gates: Gates) -> tuple[Check, ...]:
    if leg.net_edge is None or leg.ev is None:
        return ()
    return (
        Check(
            "net_edge",
            leg.net_edge > gates.min_edge,
            f"{leg.net_edge:+.3f}",
            f"> {gates.min_edge:.3f}",
        ),
        Check("ev", leg.ev > 0, f"{leg.ev:+.3f}", "> 0"),
        ceiling_check(leg.net_edge, gates),
    )
