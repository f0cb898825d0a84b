"""The codec loses nothing: every value that can exist comes back equal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.domain.events import CancelRequest, ClosePosition, Event, Halt, OrderUpdate
from kalshi_edge.domain.orders import Fill, Intent, Order, Side, Strategy
from kalshi_edge.domain.records import Calibration, DailyRecord, Switch, Trade
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Check, Opportunity, Refused, Verdict
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.errors import InputError

instants = st.datetimes(
    datetime(2020, 1, 1),
    datetime(2030, 1, 1),
    timezones=st.just(UTC),
)
money = st.decimals("-999999", "999999", places=6)
counts = st.decimals("0.01", "99999", places=2)
prices = st.decimals("0.0001", "0.9999", places=4)
text = st.text(max_size=12)
figures = st.floats(-150, 150, allow_nan=False)

st.register_type_strategy(datetime, instants)
st.register_type_strategy(int, st.integers(-999, 999))
intents = st.builds(
    Intent, count=counts, limit_price=prices, cost_limit=money, fair=figures, edge=figures
)
orders = st.builds(Order, intents, filled=counts)
forecasts = st.builds(
    Forecast,
    mean_f=figures,
    sd_f=st.none() | st.floats(0, 30),
    percentiles=st.lists(figures, max_size=5).map(
        lambda values: tuple(zip((10, 25, 50, 75, 90), sorted(values), strict=False))
    ),
)
fills = st.builds(Fill, count=counts, price=prices, fee=money, side=st.sampled_from(Side))
events = st.one_of(
    forecasts,
    fills,
    st.builds(ClimateReport),
    st.builds(OrderUpdate),
    st.builds(Halt),
    st.builds(ClosePosition, count=counts, limit_price=prices, others=st.just(())),
    st.builds(CancelRequest),
)
opportunities = st.builds(
    Opportunity, strategy=st.sampled_from(Strategy), legs=st.just(()), checks=st.just(())
)
checks = st.lists(st.builds(Check), max_size=3).map(tuple)
verdicts = st.one_of(
    st.builds(
        Approved, st.lists(intents, max_size=2).map(tuple), st.none() | opportunities, checks
    ),
    st.builds(Refused, opportunities | st.builds(Halt), checks),
    st.builds(CancelOrder),
    st.builds(Switch),
    st.builds(Calibration, bias_f=figures, sigma_scale=figures),
    st.builds(Trade, count=counts, open_count=counts, paid=money, received=money, fees=money),
    st.builds(
        DailyRecord, opening_balance=money, closing_balance=money, realised=money, fees=money
    ),
)


@given(events)
def test_every_event_comes_back_equal(event: object) -> None:
    assert from_json(to_json(event, Event), Event) == event


@settings(max_examples=50)
@given(verdicts)
def test_every_verdict_comes_back_equal(verdict: object) -> None:
    assert from_json(to_json(verdict, Verdict), Verdict) == verdict


@given(orders)
def test_an_order_comes_back_equal(order: Order) -> None:
    assert from_json(to_json(order), Order) == order


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"kind":"Nobody"}',
        b'{"kind":"CycleDue"}',
        b'{"kind":"CycleDue","received_at":"2026-11-22T00:00:00"}',
        b'{"kind":"CycleDue","received_at":"2026-11-22T00:00:00+00:00","mood":"good"}',
    ],
)
def test_what_is_no_record_is_named_and_refused(line: bytes) -> None:
    with pytest.raises(InputError):
        from_json(line, Event)


@given(st.binary(max_size=60))
def test_noise_is_refused_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(InputError):
        from_json(noise, Event)
