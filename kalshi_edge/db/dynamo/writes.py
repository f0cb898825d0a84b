"""What is written to DynamoDB, as values: attributes, keys, conditions, and their requests.

Numbers have 38 digits there; what has more is text. Names are always given apart from expressions,
because half of the dictionary is reserved.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

Item: TypeAlias = Mapping[str, Mapping[str, Any]]

NUMBER_DIGITS = 38
SMALLEST, LARGEST = Decimal("1E-130"), Decimal("9.99E+125")

TRANSACTION_ITEMS = 100
TRANSACTION_BYTES = 3_500_000
"""The limit is 4 MB of items; our count leaves out a little of what is counted there."""


def text(value: str) -> dict[str, Any]:
    """``value`` as an attribute."""
    return {"S": value}


def blob(value: bytes) -> dict[str, Any]:
    """``value`` as an attribute."""
    return {"B": value}


def number(value: Decimal | int) -> dict[str, Any]:
    """``value`` as a number where DynamoDB holds it without loss, as text otherwise.

    >>> number(Decimal("0.3250")), number(Decimal("1E-131")), number(Decimal("NaN"))
    ({'N': '0.3250'}, {'S': '1E-131'}, {'S': 'NaN'})
    """
    exact = Decimal(value)
    held = (
        exact.is_finite()
        and len(exact.normalize().as_tuple().digits) <= NUMBER_DIGITS
        and len(exact.as_tuple().digits) <= NUMBER_DIGITS
        and (exact == 0 or SMALLEST <= abs(exact) <= LARGEST)
    )
    return {"N": str(value)} if held else {"S": str(value)}


class Deed(StrEnum):
    """What a write does to its item."""

    SET = "Update"
    """Sets attributes, and makes the item where there is none."""
    DELETE = "Delete"
    CHECK = "ConditionCheck"
    """Only holds the condition."""


@dataclass(frozen=True, slots=True)
class Write:
    """One item's part in a transaction."""

    table: str
    key: Item
    values: Item = field(default_factory=dict)
    first: Item = field(default_factory=dict)
    """Set where the item does not have them yet."""
    removed: tuple[str, ...] = ()
    condition: str = ""
    """With ``#name`` for attributes and ``:name`` for what ``given`` holds."""
    given: Item = field(default_factory=dict)
    deed: Deed = Deed.SET

    @property
    def place(self) -> tuple[object, ...]:
        """Which item it is about; a transaction may name each once."""
        return (self.table, *(tuple(value.values()) for value in self.key.values()))

    @property
    def size(self) -> int:
        """About how many bytes it brings along."""
        parts = (self.key, self.values, self.first)
        return sum(
            len(name) + len(next(iter(value.values())))
            for part in parts
            for name, value in part.items()
        )

    def request(self, prefix: str) -> dict[str, Any]:
        """What is sent for it, on tables named ``prefix``-…"""
        values = {f":{name}": value for name, value in {**self.values, **self.first}.items()}
        values |= {f":{name}": value for name, value in self.given.items()}
        request: dict[str, Any] = {"TableName": f"{prefix}-{self.table}", "Key": self.key}
        expression = ""
        if self.deed is Deed.SET:
            sets = [f"#{name} = :{name}" for name in self.values]
            sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in self.first]
            expression = f"SET {', '.join(sets)}" if sets else ""
            if self.removed:
                expression += f" REMOVE {', '.join(f'#{name}' for name in self.removed)}"
            request["UpdateExpression"] = expression
        if self.condition:
            request["ConditionExpression"] = self.condition
        names = re.findall(r"#(\w+)", f"{expression} {self.condition}")
        if names:
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        if values and (self.deed is Deed.SET or self.given):
            request["ExpressionAttributeValues"] = values
        return request


def fits_one_transaction(writes: Sequence[Write]) -> bool:
    """Whether ``writes`` can be one transaction: at most 100 items of 4 MB."""
    return (
        len(writes) <= TRANSACTION_ITEMS
        and sum(write.size for write in writes) <= TRANSACTION_BYTES
    )
