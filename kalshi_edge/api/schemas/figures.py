"""The figures that shapes are made of, and how each is written."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from kalshi_edge.units import plain


class Shape(BaseModel):
    """One JSON object of the API: exactly these fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="null", use_attribute_docstrings=True
    )


def _written(pattern: str, example: str) -> tuple[PlainSerializer, WithJsonSchema]:
    schema = {"type": "string", "pattern": pattern, "examples": [example]}
    return PlainSerializer(plain, return_type=str), WithJsonSchema(schema)


Dollars = Annotated[Decimal, *_written(r"^-?\d+(\.\d+)?$", "-12.34")]
"""Money, a decimal string."""

Price = Annotated[Decimal, *_written(r"^\d+(\.\d+)?$", "0.42")]
"""Dollars per YES contract, a decimal string."""

ContractSide: TypeAlias = Literal["yes", "no"]
Count = Annotated[Decimal, *_written(r"^-?\d+(\.\d+)?$", "25")]
"""Contracts, a decimal string: the exchange trades hundredths."""

Instant = Annotated[datetime, AwareDatetime]
"""ISO 8601 in UTC."""


def _iso_day(text: object) -> object:
    """Left to itself pydantic takes a number for seconds since 1970."""
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"{text[:40]!r} is not like 2026-11-22")
    return text


GivenDay = Annotated[date, BeforeValidator(_iso_day)]
"""A day that somebody asks for, as ISO 8601 writes it."""


def _absent(given: object) -> object:
    return None if given == "" else given


DayFilter = Annotated[
    GivenDay | None,
    BeforeValidator(_absent),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "maxLength": 0}]}
    ),
]
"""A day to choose by; an empty one is none."""

CityFilter = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")] | None,
    BeforeValidator(_absent),
    WithJsonSchema({"type": "string", "pattern": r"^([A-Z]{2,4})?$", "examples": ["NYC"]}),
]
"""A city to choose by; an empty one is none."""

GivenPrice = Annotated[
    str,
    StringConstraints(pattern=r"^0\.[0-9]{0,3}[1-9][0-9]{0,3}$", max_length=6),
]
"""A price that somebody asks for: a string strictly between 0 and 1 dollars."""

GivenCount = Annotated[
    str,
    StringConstraints(
        pattern=r"^([1-9][0-9]{0,6}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$", max_length=10
    ),
]
"""Contracts that somebody asks for, more than none."""
