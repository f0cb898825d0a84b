"""A member's deposits, withdrawals and transfers, newest first."""

from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.rest.requests import Answer, Call, page
from kalshi_sandbox.exchange.rest.wire_out import Json, cents, unix_s
from kalshi_sandbox.exchange.venue.accounts import Payment
from kalshi_sandbox.exchange.venue.exchange import Exchange

HIGHEST = 500


def get_deposits(_exchange: Exchange, call: Call) -> Answer:
    """Deposits, whatever became of them."""
    found, cursor = _page(call, "deposit")
    return Answer({"deposits": [_payment_json(each) for each in found], "cursor": cursor})


def get_withdrawals(_exchange: Exchange, call: Call) -> Answer:
    """Withdrawals, whatever became of them."""
    found, cursor = _page(call, "withdrawal")
    return Answer({"withdrawals": [_payment_json(each) for each in found], "cursor": cursor})


def get_subaccount_transfers(_exchange: Exchange, call: Call) -> Answer:
    """Transfers between the primary account and another one."""
    found, cursor = _page(call, "transfer")
    return Answer({"transfers": [_transfer_json(each) for each in found], "cursor": cursor})


def get_instance_transfers(_exchange: Exchange, _call: Call) -> Answer:
    """Transfers between shards: there is one shard only."""
    return Answer({"transfers": []})


def _page(call: Call, kind: str) -> tuple[list[Payment], str]:
    payments = (each for each in reversed(call.member.payments) if each.kind == kind)
    return page(call, payments, lambda payment: payment.seq, highest=HIGHEST)


def _payment_json(payment: Payment) -> Json:
    final_at = payment.finalized_at
    return {
        "id": payment.payment_id,
        "status": payment.status,
        "type": payment.method,
        "amount_cents": cents(payment.amount),
        "fee_cents": cents(payment.fee),
        "created_ts": unix_s(payment.created_at),
        "finalized_ts": None if final_at is None else unix_s(final_at),
    }


def _transfer_json(payment: Payment) -> Json:
    comes = payment.amount > ZERO
    return {
        "transfer_id": payment.payment_id,
        "from_subaccount": 1 if comes else 0,
        "to_subaccount": 0 if comes else 1,
        "amount_cents": cents(abs(payment.amount)),
        "created_ts": unix_s(payment.created_at),
        "exchange_index": 0,
    }
