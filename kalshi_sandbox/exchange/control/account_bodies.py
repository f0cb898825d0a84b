"""Incidents of one account and its owner: money, orders by hand, odd answers, fees to come."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.control.controls import Body, Controls
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder
from kalshi_sandbox.exchange.venue.errors import not_found
from kalshi_sandbox.exchange.venue.incidents import announce_fees, settle_fairly, waive_fees
from kalshi_sandbox.exchange.venue.payments import NewPayment, change_cash, pay, take_back


class OfMember(Body):
    """Something that happens to one member: by user id or name, or else the first there is."""

    member: str = ""

    def account(self, on: Controls) -> Account:
        """Whose it is. Raises ``Refusal`` 404."""
        for account in on.exchange.venue.accounts.values():
            if not account.is_house and self.member in ("", account.user_id, account.name):
                return account
        raise not_found(f"no member {self.member}")


class Paid(OfMember):
    """A deposit, withdrawal or transfer in dollars; pending for a while first, if told to be."""

    kind: Literal["deposit", "withdrawal", "transfer"]
    amount: Decimal = Field(decimal_places=2)
    fee: Decimal = Field(default=ZERO, ge=0, decimal_places=2)
    method: Literal["ach", "wire", "crypto", "debit", "apm"] = "ach"
    pending_s: float = Field(default=0.0, ge=0)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        pending = timedelta(seconds=self.pending_s)
        new = NewPayment(self.kind, self.amount, self.fee, self.method, pending)
        pay(on.exchange.venue, self.account(on), new)


class Returned(OfMember):
    """A payment that was applied is undone: the newest, or the one named."""

    kind: Literal["payment_returned"]
    payment_id: str = ""

    def befall(self, on: Controls) -> None:
        """Happen now."""
        take_back(on.exchange.venue, self.account(on), self.payment_id)


class Interest(OfMember):
    """Cash comes and is on no list."""

    kind: Literal["interest"]
    amount: Decimal = Field(decimal_places=4)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        change_cash(on.exchange.venue, self.account(on), self.amount)


class Waiver(Body):
    """The fees of an event's markets are waived for a while; ``null`` ends that."""

    kind: Literal["waiver"]
    event: str
    duration_s: float | None = Field(default=None, gt=0)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        length = None if self.duration_s is None else timedelta(seconds=self.duration_s)
        waive_fees(on.exchange, self.event, length)


class ScheduledFees(Body):
    """A change of a series' fees is announced, to take effect after a while."""

    kind: Literal["scheduled_fees"]
    series: str
    after_s: float = Field(ge=0)
    fee_type: FeeType = FeeType.QUADRATIC
    multiplier: Decimal = Decimal(1)

    def befall(self, on: Controls) -> None:
        """Happen now."""
        rule = FeeRule(self.fee_type, self.multiplier)
        announce_fees(on.exchange, self.series, rule, timedelta(seconds=self.after_s))


class FairSettlement(Body):
    """A ladder settles at a fair price: ``value`` dollars, or each market's last price."""

    kind: Literal["scalar_settlement"]
    event: str
    value: Decimal | None = Field(default=None, gt=0, lt=1, decimal_places=4)

    def befall(self, on: Controls) -> None:
        """Happen when the ladder is due."""
        settle_fairly(on.exchange, self.event, self.value)


class OddAnswers(Body):
    """Answers become odd from now on, or no longer: see ``rest/oddities.py``.

    ``unreadable_rows`` is about ``lists``, or all of them.
    """

    kind: Literal["unreadable_rows", "null_lists", "fractional_cents"]
    lists: tuple[str, ...] = ()
    off: bool = False

    def befall(self, on: Controls) -> None:
        """Happen now."""
        oddities = on.exchange.oddities
        if self.kind == "null_lists":
            oddities.null_lists = not self.off
        elif self.kind == "fractional_cents":
            oddities.fractional_cents = not self.off
        elif self.off:
            oddities.unreadable.clear()
        else:
            oddities.make_odd(self.lists)


class OwnerOrder(OfMember):
    """The owner places an order by hand, without a name of ours."""

    kind: Literal["owner_order"]
    ticker: str
    side: Side
    price: Decimal
    count: Decimal
    waits: bool = True

    def befall(self, on: Controls) -> None:
        """Happen now."""
        lasts = TimeInForce.GOOD_TILL_CANCELED if self.waits else TimeInForce.IMMEDIATE_OR_CANCEL
        new = NewOrder(self.ticker, self.side, self.price, self.count, lasts)
        on.exchange.desk.place(self.account(on), new)


class OwnerChange(OfMember):
    """The owner changes or cancels a resting order by hand: the newest, or the one named.

    ``total`` is what it has filled and what it still wants together.
    """

    kind: Literal["owner_amend", "owner_cancel"]
    order_id: str = ""
    total: Decimal | None = None
    price: Decimal | None = None
    client_order_id: str | None = None

    def befall(self, on: Controls) -> None:
        """Happen now. Raises ``Refusal``."""
        account, desk = self.account(on), on.exchange.desk
        named = [o for o in account.all_resting() if self.order_id in ("", o.order_id)]
        if not named:
            raise not_found(f"no resting order {self.order_id}")
        order = max(named, key=lambda one: one.seq)
        if self.kind == "owner_cancel":
            desk.cancel(account, order.order_id)
            return
        desk.amend(
            account,
            order.order_id,
            price=order.price if self.price is None else self.price,
            total=order.filled + order.remaining if self.total is None else self.total,
            expires_at=order.expires_at,
            client_order_id=self.client_order_id,
        )
