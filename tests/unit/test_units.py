"""Numbers are read exactly or not at all, and rounded the way the exchange and ASOS do."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.clock import ManualClock, SystemClock
from kalshi_edge.errors import EdgeError, InputError
from kalshi_edge.units import ceil_to, decimal_of, fahrenheit, floor_to, round_half_up

D = Decimal
amounts = st.decimals("-100000", "100000", places=6)
steps = st.sampled_from([D("0.000001"), D("0.0001"), D("0.01"), D(1), D("0.25")])


@pytest.mark.parametrize("text", ["0.4100", "0", "-3.12", "11317.37", "0.017500"])
def test_a_plain_decimal_string_keeps_every_digit(text: str) -> None:
    assert str(decimal_of(text)) == text


@pytest.mark.parametrize(
    "text",
    [0.41, 41, None, True, D("0.41"), "", " 0.41", "0.41\n", "+1", "1e5", ".5", "5.", "1_000",
     "1,000", "NaN", "Infinity", "--1", "0x1", "٣", "1" * 13],
)  # fmt: skip
def test_anything_else_is_refused_by_name(text: object) -> None:
    with pytest.raises(InputError, match="price must be a plain decimal string"):
        decimal_of(text, name="price")


@given(amounts, steps)
def test_rounding_stays_within_one_step_and_on_the_grid(value: Decimal, step: Decimal) -> None:
    low, high = floor_to(value, step), ceil_to(value, step)
    assert low <= value <= high
    assert high - low in {0, step}
    assert low % step == 0 == high % step


def test_every_tenth_of_a_degree_celsius_rounds_as_exact_arithmetic_does() -> None:
    for tenths in range(-600, 601):
        exact = D(18) * tenths / 100 + 32
        expected = int((exact + D("0.5")).to_integral_value(ROUND_FLOOR))
        assert round_half_up(fahrenheit(tenths / 10)) == expected


def test_a_manual_clock_never_runs_backwards() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    clock = ManualClock(start)
    clock.set(start - timedelta(hours=1))
    assert clock.now() == start
    clock.advance(timedelta(minutes=30))
    clock.advance(timedelta(minutes=-30))
    assert clock.now() == start + timedelta(minutes=30)


def test_the_system_clock_speaks_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_every_error_raised_on_purpose_is_in_the_tree_at_the_top_of_its_module() -> None:
    import kalshi_edge.errors as module

    tree = [EdgeError]
    for kind in tree:
        tree.extend(kind.__subclasses__())
    ours = {kind for kind in tree if kind.__module__ == module.__name__}
    drawn = (module.__doc__ or "").split()
    assert {kind.__name__ for kind in ours} <= set(drawn)
