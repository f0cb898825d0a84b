"""Answers that the specification does not promise: rows nobody can read, ``null`` for a list.

What reads an account must live with them, so they are to be had on demand.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from kalshi_sandbox.exchange.rest.requests import Answer, Call

GAME = "KXNBAGAME-26NOV22-X"
"""A market of another kind: the account may hold something of it."""

LISTS = {
    "/portfolio/orders": "orders",
    "/portfolio/fills": "fills",
    "/portfolio/positions": "market_positions",
    "/portfolio/settlements": "settlements",
    "/portfolio/deposits": "deposits",
    "/portfolio/withdrawals": "withdrawals",
    "/series/fee_changes": "series_fee_change_arr",
}
ODD_ROWS: dict[str, dict[str, Any]] = {
    "orders": {"order_id": "odd-order", "ticker": GAME, "status": "hovering", "side": None},
    "fills": {"trade_id": "odd-fill", "order_id": "odd-order", "ticker": GAME, "count_fp": None},
    "market_positions": {
        "ticker": GAME,
        "position_fp": "3.00",
        "market_exposure_dollars": None,
        "realized_pnl_dollars": None,
    },
    "settlements": {
        "ticker": GAME,
        "event_ticker": "KXNBAGAME-26NOV22",
        "market_result": "scalar",
        "value": None,
        "revenue": 73,
    },
    "deposits": {"id": "odd-deposit", "status": "melted", "amount_cents": None},
    "withdrawals": {"id": "odd-withdrawal", "status": "applied", "amount_cents": "lots"},
    "series_fee_change_arr": {"id": "odd-change", "series_ticker": "KXHIGHNY", "fee_type": 7},
}


@dataclass(slots=True)
class Oddities:
    """How answers are odd; as it is made they are not."""

    unreadable: set[str] = field(default_factory=set)
    """Lists, by their names in the answers, that begin with a row nobody can read."""
    null_lists: bool = False
    """Whether an empty list is ``null``."""
    fractional_cents: bool = False
    """Whether cents of a settlement come as they are, as a decimal string, instead of whole."""

    def make_odd(self, lists: Collection[str] = ()) -> None:
        """Let ``lists``, or all of them, have a row nobody can read."""
        self.unreadable |= set(lists or LISTS.values())

    def applied(self, call: Call, answer: Answer) -> Answer:
        """``answer`` as it is sent."""
        name = LISTS.get(call.path) if call.method == "GET" else None
        if name is None or not isinstance(answer.body, dict) or name not in answer.body:
            return answer
        rows = answer.body[name]
        if name in self.unreadable and call.text("cursor") is None:
            rows = [ODD_ROWS[name], *rows]
        if not rows and self.null_lists:
            rows = None
        return replace(answer, body={**answer.body, name: rows})
