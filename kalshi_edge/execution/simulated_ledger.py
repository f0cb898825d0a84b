"""An account as the exchange keeps it: cash, and one signed number of YES contracts per market.

A YES contract costs its price, a NO contract 1 − price; a pair of both is a dollar, paid at once.
It shares no code with our own portfolio, so that the two can be held against each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kalshi_edge.domain.orders import Fill, Settlement, Side
from kalshi_edge.units import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Ledger:
    """``cash`` in dollars; ``positions`` in contracts, YES above 0 and NO below."""

    cash: Decimal
    positions: Mapping[str, Decimal] = field(default_factory=dict)

    def held(self, ticker: str) -> Decimal:
        """YES contracts held in a market; NO contracts count below 0."""
        return self.positions.get(ticker, ZERO)

    def filled(self, fill: Fill) -> "Ledger":
        """The account after a fill, its fee included."""
        held = self.held(fill.ticker)
        if fill.side is Side.BUY:
            pairs = min(fill.count, max(-held, ZERO))
            flow, after = pairs - fill.count * fill.price, held + fill.count
        else:
            opened = fill.count - min(fill.count, max(held, ZERO))
            flow, after = fill.count * fill.price - opened, held - fill.count
        return self._with(fill.ticker, after, flow - fill.fee)

    def settled(self, settlement: Settlement) -> "Ledger":
        """The account after a market paid out."""
        held, value = self.held(settlement.ticker), settlement.value
        return self._with(
            settlement.ticker, ZERO, held * value if held > 0 else held * (value - ONE)
        )

    def collateral(self, ticker: str, orders: Iterable[tuple[Side, Decimal, Decimal]]) -> Decimal:
        """Dollars that must stand ready for resting ``orders`` of (side, price, count), no fees.

        Contracts that close what is held need none; the orders that trade first close first.

        >>> account = Ledger(Decimal(10), {"T": Decimal(3)})
        >>> account.collateral("T", [(Side.SELL, Decimal("0.40"), Decimal(5))])
        Decimal('1.20')
        """
        closable = {
            Side.SELL: max(self.held(ticker), ZERO),
            Side.BUY: max(-self.held(ticker), ZERO),
        }
        needed = ZERO
        first_to_trade = sorted(orders, key=lambda order: -_unit_cost(order[0], order[1]))
        for side, price, count in first_to_trade:
            closing = min(count, closable[side])
            closable[side] -= closing
            needed += (count - closing) * _unit_cost(side, price)
        return needed

    def _with(self, ticker: str, held: Decimal, flow: Decimal) -> "Ledger":
        others = {name: count for name, count in self.positions.items() if name != ticker}
        return Ledger(self.cash + flow, others | {ticker: held} if held else others)


def _unit_cost(side: Side, price: Decimal) -> Decimal:
    """Dollars that opening one contract takes."""
    return price if side is Side.BUY else ONE - price
