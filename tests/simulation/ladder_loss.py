"""What a ladder may lose, by the exchange's own books: in the bin where that is most."""

from collections.abc import Mapping
from decimal import Decimal

from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.records import VenueEvent

ZERO = Decimal(0)


def worst_loss(account: Account, event: VenueEvent, fees: Mapping[str, Decimal]) -> Decimal:
    """Dollars lost in the worst bin by what is held of ``event``, ``fees`` by ticker included."""
    held = [
        position
        for market in event.markets
        if (position := account.positions.get(market.ticker)) is not None and position.count
    ]
    paid = sum((one.cost + fees.get(one.market.ticker, ZERO) for one in held), ZERO)
    pays = (
        sum(
            (abs(one.count) for one in held if (one.count > 0) is (one.market is winner)),
            ZERO,
        )
        for winner in event.markets
    )
    return paid - min(pays, default=ZERO)
