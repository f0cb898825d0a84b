"""Recorded fills of an account as a CSV file: what the exchange charged, to hold ours against."""

import csv
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from kalshi_edge.domain.orders import Fill, Side
from kalshi_edge.errors import InputError
from kalshi_edge.units import decimal_of

HUNDRED = Decimal(100)


def read_fills(path: Path) -> tuple[Fill, ...]:
    """The fills in ``path``, oldest first; the file has the newest on top.

    Columns: ``order``, ``ticker``, ``created_time`` (ISO 8601), ``action`` (buy, sell), ``side``
    (yes, no), ``count``, ``yes_price_cents``, ``is_taker`` (True, False), ``fee_cost_dollars``.
    Raises ``InputError`` naming the file and the line that cannot be read.
    """
    if not path.is_file():
        raise InputError(f"no file {path}")
    fills: list[Fill] = []
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                fills.append(_fill(row, f"{path.name}:{number}"))
            except (KeyError, ValueError, InputError) as error:
                raise InputError(f"{path}, line {number}: {error}") from error
    return tuple(reversed(fills))


def _fill(row: Mapping[str, str], fill_id: str) -> Fill:
    at = datetime.fromisoformat(row["created_time"])
    # Buying YES and selling NO both join the bids of the YES book.
    joins_bids = (row["action"] == "buy") == (row["side"] == "yes")
    return Fill(
        fill_id=fill_id,
        intent_id=row["order"],
        ticker=row["ticker"],
        side=Side.BUY if joins_bids else Side.SELL,
        count=decimal_of(row["count"], name="count"),
        price=decimal_of(row["yes_price_cents"], name="price") / HUNDRED,
        fee=decimal_of(row["fee_cost_dollars"], name="fee"),
        is_taker=row["is_taker"] == "True",
        valid_at=at,
        received_at=at,
    )
