"""Money that comes to an account or leaves it without a trade, and what of it is listed.

Deposits and withdrawals are listed and become final later; interest is on no list. A fee is taken
from the balance besides the amount: which of the two the exchange means is not documented.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.units import CENT, ZERO
from kalshi_sandbox.exchange.venue.accounts import Account, Payment
from kalshi_sandbox.exchange.venue.errors import Refusal, not_found
from kalshi_sandbox.exchange.venue.events import CashChanged
from kalshi_sandbox.exchange.venue.venue import Venue


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A deposit, withdrawal or transfer in whole cents; below 0 a transfer leaves."""

    kind: str
    """``deposit``, ``withdrawal`` or ``transfer``."""
    amount: Decimal
    fee: Decimal = ZERO
    method: str = "ach"
    final_after: timedelta = timedelta()
    """How long it is pending."""


def pay(venue: Venue, account: Account, new: NewPayment) -> Payment:
    """List a payment, and change the balance once it is final. Raises ``Refusal``."""
    if new.amount % CENT or new.fee % CENT or new.fee < ZERO:
        raise Refusal(400, "invalid_parameters", f"${new.amount} and ${new.fee}: not in cents")
    if new.amount == ZERO or (new.amount < ZERO and new.kind != "transfer"):
        raise Refusal(400, "invalid_parameters", f"a {new.kind} of ${new.amount}")
    seq = venue.next_number()
    payment = Payment(
        seq=seq,
        payment_id=venue.new_id(new.kind, seq),
        kind=new.kind,
        amount=new.amount,
        fee=new.fee,
        method=new.method,
        created_at=venue.now,
    )
    if new.kind == "withdrawal" and account.cash < payment.amount + payment.fee:
        raise Refusal(400, "insufficient_balance", f"${account.cash} for ${payment.amount}")
    account.payments.append(payment)
    if new.final_after:
        venue.schedule(venue.now + new.final_after, lambda: _apply(venue, account, payment))
    else:
        _apply(venue, account, payment)
    return payment


def take_back(venue: Venue, account: Account, payment_id: str = "") -> Payment:
    """Undo a payment that was applied, the newest where none is named. Raises ``Refusal``."""
    for payment in reversed(account.payments):
        if payment_id in ("", payment.payment_id) and payment.status == "applied":
            _finish(venue, payment, "returned")
            change_cash(venue, account, -payment.change)
            return payment
    raise not_found(f"no payment {payment_id} that was applied")


def change_cash(venue: Venue, account: Account, amount: Decimal) -> None:
    """Change a balance, as interest does: it is on no list."""
    account.cash += amount
    venue.tell(CashChanged(account))


def _apply(venue: Venue, account: Account, payment: Payment) -> None:
    if payment.status == "pending":
        _finish(venue, payment, "applied")
        change_cash(venue, account, payment.change)


def _finish(venue: Venue, payment: Payment, status: str) -> None:
    at: datetime = venue.now
    payment.status, payment.finalized_at = status, at
