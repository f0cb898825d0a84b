"""Dollars, prices, contracts, degrees and lengths of time: read, rounded, converted, said.

Money, prices and contract counts are ``Decimal``; probabilities and temperatures in models are
``float``; temperatures that settle are whole ``int`` degrees Fahrenheit.
"""

import re
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from math import floor

from kalshi_edge.errors import InputError

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_PLAIN_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)


def decimal_of(text: object, *, name: str = "value") -> Decimal:
    """The exact ``Decimal`` of a plain decimal string such as ``"0.4100"``.

    Floats are refused: they are not what anybody wrote. Raises ``InputError`` naming the value.

    >>> decimal_of("0.4100")
    Decimal('0.4100')
    >>> decimal_of(0.41, name="price")
    Traceback (most recent call last):
    ...
    kalshi_edge.errors.InputError: price must be a plain decimal string, not 0.41
    """
    if isinstance(text, str) and _PLAIN_NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
            pass
    raise InputError(f"{name} must be a plain decimal string, not {text!r}")


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` not above ``value``.

    >>> floor_to(Decimal("3.129"), Decimal("0.01"))
    Decimal('3.12')
    """
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of ``step`` not below ``value``.

    >>> ceil_to(Decimal("0.168001"), Decimal("0.0001"))
    Decimal('0.1681')
    """
    return (value / step).to_integral_value(ROUND_CEILING) * step


def fahrenheit(celsius: float) -> float:
    """Degrees Fahrenheit of degrees Celsius: 1.8 c + 32.

    >>> fahrenheit(15.0)
    59.0
    """
    return 1.8 * celsius + 32.0


def round_half_up(value: float) -> int:
    """The nearest whole number, halves upwards, as ASOS rounds temperatures.

    >>> round_half_up(84.5), round_half_up(-0.5), round_half_up(84.49)
    (85, 0, 84)
    """
    return floor(value + 0.5)


@lru_cache(maxsize=1024)
def span(length: timedelta) -> str:
    """A length of time as people say it, in its two largest units.

    >>> span(timedelta(hours=23, minutes=57, seconds=3.8)), span(timedelta(seconds=2.29))
    ('23 h 57 min', '2.2 s')
    >>> span(timedelta(minutes=5)), span(-timedelta(seconds=90))
    ('5 min', '−1 min 30 s')
    """
    if length < timedelta(0):
        return f"−{span(-length)}"
    if length < MINUTE:
        return f"{length // timedelta(milliseconds=100) / 10:g} s"
    steps = ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", SECOND, "s"))
    unit, name, part, part_name = next(step for step in steps if length >= step[0])
    whole, rest = divmod(length, unit)
    return f"{whole} {name}" + (f" {rest // part} {part_name}" if rest >= part else "")


def plain(figure: Decimal) -> str:
    """A figure without exponent or needless zeros, cents kept: 139, 0.40, 3.125.

    >>> plain(Decimal("0.4")), plain(Decimal("3.1250")), plain(Decimal("1E+2"))
    ('0.40', '3.125', '100')
    """
    text = f"{figure:f}"
    if "." not in text:
        return text
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part:0<2}" if part else whole
