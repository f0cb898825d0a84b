"""Cash that came or went without a trade, as the exchange lists it: only what is final counts.

Deposits and withdrawals are ``pending``, ``applied``, ``failed`` or ``returned``; transfers between
subaccounts are final once listed. Interest and incentive payments are on no list at all.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.data.kalshi.fields import (
    Payload,
    decimal_field,
    instant_of_s,
    needed_cents,
    optional_text,
    optional_whole,
    text_field,
    whole_field,
)
from kalshi_edge.domain.events import CashKind, CashMovement
from kalshi_edge.errors import ContractError
from kalshi_edge.units import ZERO

OURS = ("event_contract", 0)
"""The instance and shard of the exchange whose balance is ours."""


@dataclass(frozen=True, slots=True)
class CashList:
    """A list of movements of one kind: where it is asked for, and under which name it comes."""

    route: str
    key: str
    identity: str
    kind: CashKind


CASH_LISTS = (
    CashList("/portfolio/deposits", "deposits", "id", CashKind.DEPOSIT),
    CashList("/portfolio/withdrawals", "withdrawals", "id", CashKind.WITHDRAWAL),
    CashList("/portfolio/subaccounts/transfers", "transfers", "transfer_id", CashKind.TRANSFER),
    CashList(
        "/portfolio/intra_exchange_instance_transfers",
        "transfers",
        "transfer_id",
        CashKind.TRANSFER,
    ),
)


def final_movement(payload: Payload, of: CashList, received_at: datetime) -> CashMovement | None:
    """A row of a list; ``None`` for one that is not final, or does not touch our balance.

    A returned payment undoes the one that was applied. A status that is a new word to us raises
    ``ContractError``.
    """
    if of.kind is CashKind.TRANSFER:
        return _transfer(payload, received_at)
    movement_id, status = text_field(payload, "id"), text_field(payload, "status")
    if status in ("pending", "failed"):
        return None
    if status not in ("applied", "returned"):
        raise ContractError(f"{of.kind} {movement_id} is {status!r}, which says nothing to us")
    amount, fee = needed_cents(payload, "amount_cents"), needed_cents(payload, "fee_cents")
    if amount < ZERO:
        raise ContractError(f"a {of.kind} of ${amount}")
    is_undone = status == "returned"
    leaves = (of.kind is CashKind.WITHDRAWAL) != is_undone
    return CashMovement(
        movement_id=f"{movement_id} returned" if is_undone else movement_id,
        cash_kind=of.kind,
        amount=-amount if leaves else amount,
        fee=-fee if is_undone else fee,
        valid_at=_final_at(payload) or received_at,
        received_at=received_at,
        status=status,
        method=optional_text(payload, "type"),
        reverses=movement_id if is_undone else "",
    )


def is_before(payload: Payload, at: datetime) -> bool:
    """Whether a row that cannot be read is about something final before ``at`` all the same."""
    stamps = (payload.get(name) for name in ("finalized_ts", "created_ts"))
    seconds = next((s for s in stamps if isinstance(s, int) and not isinstance(s, bool)), None)
    final_at = instant_of_s(seconds)
    return final_at is not None and final_at < at


def _final_at(payload: Payload) -> datetime | None:
    return instant_of_s(optional_whole("finalized_ts", payload.get("finalized_ts"))) or (
        instant_of_s(whole_field(payload, "created_ts"))
    )


def _transfer(payload: Payload, received_at: datetime) -> CashMovement | None:
    movement_id = text_field(payload, "transfer_id")
    is_between_subaccounts = "from_subaccount" in payload
    if is_between_subaccounts:
        amount = needed_cents(payload, "amount_cents")
        shard = whole_field(payload, "exchange_index")
        leaves = (whole_field(payload, "from_subaccount"), shard) == (0, OURS[1])
        comes = (whole_field(payload, "to_subaccount"), shard) == (0, OURS[1])
        status = ""
    else:
        amount, status = decimal_field(payload, "amount"), text_field(payload, "status")
        leaves, comes = (_end(payload, end) == OURS for end in ("source", "destination"))
    if leaves == comes or (status and status != "complete"):
        return None
    return CashMovement(
        movement_id=movement_id,
        cash_kind=CashKind.TRANSFER,
        amount=_signed(amount, leaves=leaves),
        fee=ZERO,
        valid_at=_final_at(payload) or received_at,
        received_at=received_at,
        status=status,
    )


def _end(payload: Payload, name: str) -> tuple[str, int]:
    return text_field(payload, name), whole_field(payload, f"{name}_exchange_shard")


def _signed(amount: Decimal, *, leaves: bool) -> Decimal:
    return -amount if leaves else amount
