"""The engine, told one event at a time: each kind of event and what follows from it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.beliefs import EmosRecord, Lead
from kalshi_edge.domain.events import (
    AcknowledgeTerms,
    CalibrationDue,
    CancelRequest,
    ClosePosition,
    CycleDue,
    DayTurned,
    Event,
    Halt,
    OrderUpdate,
    Resume,
)
from kalshi_edge.domain.orders import Intent, Order, OrderStep, Settlement
from kalshi_edge.domain.records import (
    Calibration,
    DailyRecord,
    SeriesTerms,
    Switch,
    SwitchState,
    Trade,
)
from kalshi_edge.domain.verdicts import (
    Alarm,
    Approved,
    CalibrationDone,
    CancelOrder,
    CycleDone,
    Refused,
    Verdict,
)
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.trading.playbook import Limits, Playbook
from tests.support.builders import DAY, EVENT, TERMS, book, fill, forecast, ladder
from tests.support.builders import intent as intent_of

D = Decimal
NEW_YORK = station_of("NYC")
NEXT_DAY = DAY + timedelta(days=1)
EVE = datetime(2026, 11, 21, 20, tzinfo=UTC)
"""A time at which New York's climate day of the 22nd is still to come."""
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
TICKER = f"{EVENT}-B54.5"


def setup(**limits: object) -> Setup:
    playbook = Playbook(limits=replace(Limits(), **limits))  # type: ignore[arg-type]
    return Setup("paper", (NEW_YORK,), ("NBP",), D(1000), playbook)


def nbp(at: datetime = EVE, p50: float = 54.0, **changes: object) -> Event:
    known = {10: p50 - 2.5632, 50: p50, 90: p50 + 2.5632}
    return forecast(known, run_at=at, received_at=at, **changes)


def quoted(
    ask: str = "0.25", at: datetime = EVE, depth: int = 100, bid: str | None = None
) -> Event:
    below = D(bid) if bid else D(ask) - D("0.02")
    return book(TICKER, [(below, 500)], [(ask, depth)], at)


def engine_told(*events: Event, **limits: object) -> Engine:
    engine = setup(**limits).fresh_engine()
    for event in events:
        engine.handle(event)
    return engine


def trading(**limits: object) -> Engine:
    """An engine that knows a ladder, a forecast and one cheap offer."""
    if "day_loss_share" in limits:  # so small that no entry's spread would fit into it
        limits["mark_loss_share"] = None
    return engine_told(replace(ladder(), received_at=EVE), nbp(), quoted(), **limits)


def bought(engine: Engine, at: datetime = EVE) -> Intent:
    """Let it buy at ``at``, all of it filled at the limit with its real fee."""
    (approved,) = [v for v in engine.handle(CycleDue(at)) if isinstance(v, Approved)]
    (intent,) = approved.intents
    engine.handle(OrderUpdate(intent.intent_id, OrderStep.SEND, at))
    fee = taker_fee(intent.limit_price, intent.count, ladder().fee_rule, at)
    received = {"valid_at": at, "received_at": at}
    engine.handle(fill(intent, intent.count, intent.limit_price, fee, **received))
    return intent


def kinds(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [type(verdict).__name__ for verdict in verdicts]


# --- a cycle --------------------------------------------------------------------------------------


def test_a_cycle_decides_on_every_open_ladder_and_sums_itself_up() -> None:
    verdicts = trading().handle(CycleDue(EVE))
    *found, done = verdicts
    assert isinstance(done, CycleDone)
    decided = [one for one in found if isinstance(one, Approved | Refused)]
    assert (done.approved, done.refused) == (1, len(decided) - 1)
    assert [type(v) for v in decided].count(Approved) == 1
    assert [view.event_ticker for view in done.cities] == [EVENT]
    assert (done.cash, done.equity, done.skipped) == (D(1000), D(1000), ())


def test_a_second_cycle_does_not_enter_again_whether_or_not_the_order_has_an_answer() -> None:
    engine = trading()
    bought(engine)
    for event in (quoted(at=EVE + timedelta(minutes=30)), CycleDue(EVE + timedelta(minutes=30))):
        verdicts = engine.handle(event)
    assert "Approved" not in kinds(verdicts)
    pending = trading()
    pending.handle(CycleDue(EVE))
    assert "Approved" not in kinds(pending.handle(CycleDue(EVE + timedelta(minutes=1))))


def test_an_order_refused_by_the_exchange_may_be_tried_again_under_another_id() -> None:
    engine = trading()
    (first,) = [v for v in engine.handle(CycleDue(EVE)) if isinstance(v, Approved)]
    name = first.intents[0].intent_id
    for step in (OrderStep.SEND, OrderStep.FINISH):
        engine.handle(OrderUpdate(name, step, EVE, reason="no money"))
    (again,) = [
        v for v in engine.handle(CycleDue(EVE + timedelta(minutes=1))) if isinstance(v, Approved)
    ]
    assert again.intents[0].intent_id != name


def test_a_ladder_whose_day_is_over_or_without_a_forecast_is_left_out_with_its_reason() -> None:
    engine = engine_told(replace(ladder(), received_at=EVE))
    (*_, done) = engine.handle(CycleDue(EVE))
    assert isinstance(done, CycleDone)
    assert done.skipped == (f"{EVENT}: no forecast of NBP",)
    over = NEW_YORK.day_end(DAY)
    (*_, done) = trading().handle(CycleDue(over))
    assert isinstance(done, CycleDone)
    assert (done.cities, done.skipped) == ((), ())


# --- the kill switch ------------------------------------------------------------------------------


def test_the_switch_goes_off_with_the_book_that_makes_the_loss() -> None:
    engine = trading(day_loss_share=D("0.01"))
    bought(engine)  # 100 at 0.25 and 1.3125 of fees: worth 23 at a bid of 0.23
    assert engine.handle(quoted("0.26", bid="0.17")) == ()
    # equity 1000 − 26.3125 + 16.30 = 989.9875: a loss of 10.0125, over 10
    (thrown,) = engine.handle(quoted("0.26", bid="0.163"))
    assert isinstance(thrown, Switch)
    assert (thrown.state, thrown.until_at) == (SwitchState.HALT, MIDNIGHT)
    assert thrown.reason == "day loss $10.01 is over $10.00"
    assert engine.handle(quoted("0.26", bid="0.10")) == ()


def test_a_book_of_a_market_we_do_not_hold_is_nothing_to_us() -> None:
    engine = trading(day_loss_share=D("0.01"))
    bought(engine)
    assert engine.handle(book(f"{EVENT}-B52.5", [("0.01", 1)], [("0.02", 1)], EVE)) == ()


def test_while_it_is_off_nothing_is_bought_and_everything_may_be_sold() -> None:
    engine = trading(day_loss_share=D("0.01"))
    intent = bought(engine)
    engine.handle(quoted("0.26", bid="0.10"))
    later = EVE + timedelta(minutes=30)
    engine.handle(replace(ladder(day=NEXT_DAY), received_at=later))
    engine.handle(nbp(later, day=NEXT_DAY))
    tomorrow = f"{EVENT.replace('22', '23')}-B54.5"
    engine.handle(book(tomorrow, [("0.23", 9)], [("0.25", 100)], later))
    verdicts = engine.handle(CycleDue(later))
    refused = [v for v in verdicts if isinstance(v, Refused)]
    assert "Approved" not in kinds(verdicts)
    assert all("kill_switch" in {c.rule for c in v.failures} for v in refused)
    (sale,) = engine.handle(ClosePosition(intent.trade_id, D(100), D("0.01"), later))
    assert isinstance(sale, Approved)


def test_it_is_over_at_the_next_midnight_and_the_loss_starts_anew() -> None:
    engine = trading(day_loss_share=D("0.01"))
    bought(engine)
    engine.handle(quoted("0.26", bid="0.10"))
    assert engine.handle(quoted("0.26", MIDNIGHT - timedelta(seconds=1), bid="0.09")) == ()
    record, released, *rest = engine.handle(DayTurned(MIDNIGHT))
    assert isinstance(record, DailyRecord)
    assert isinstance(released, Switch)
    assert (record.halts, released.state, rest) == (1, SwitchState.RUN, [])
    assert engine.account.opening_balance == record.closing_balance == D("982.6875")
    assert engine.handle(quoted("0.26", MIDNIGHT, bid="0.09")) == ()


def test_a_halt_by_hand_holds_until_somebody_resumes() -> None:
    engine = trading()
    (halted,) = engine.handle(Halt("lunch", EVE))
    assert halted == Switch(SwitchState.HALT, "lunch", EVE)
    assert "Approved" not in kinds(engine.handle(CycleDue(EVE)))
    turned = engine.handle(DayTurned(MIDNIGHT))
    assert kinds(turned) == ["DailyRecord"]
    engine.handle(nbp(MIDNIGHT))
    engine.handle(quoted(at=MIDNIGHT))
    assert "Approved" not in kinds(engine.handle(CycleDue(MIDNIGHT)))
    (resumed,) = engine.handle(Resume("back", MIDNIGHT))
    assert isinstance(resumed, Switch)
    assert resumed.state is SwitchState.RUN
    assert "Approved" in kinds(engine.handle(CycleDue(MIDNIGHT)))


def test_resuming_does_not_undo_a_days_loss() -> None:
    engine = trading(day_loss_share=D("0.01"))
    bought(engine)
    engine.handle(quoted("0.26", bid="0.10"))
    run, halt = engine.handle(Resume("I know better", EVE))
    assert isinstance(run, Switch)
    assert isinstance(halt, Switch)
    assert (run.state, halt.state, halt.until_at) == (SwitchState.RUN, SwitchState.HALT, MIDNIGHT)


def test_a_cycle_looks_at_the_days_loss_before_it_decides() -> None:
    engine = trading(day_loss_share=D("0.01"))
    bought(engine)
    # as after a restart: the books that a loss came from were not told one by one
    engine.state.book(quoted("0.26", bid="0.10"))  # type: ignore[arg-type]
    first, *decided = engine.handle(CycleDue(EVE))
    assert isinstance(first, Switch)
    assert "Approved" not in kinds(tuple(decided))


# --- orders, fills, settlements -------------------------------------------------------------------


def test_a_fill_is_a_trade_and_an_orders_move() -> None:
    engine = trading()
    (approved,) = [v for v in engine.handle(CycleDue(EVE)) if isinstance(v, Approved)]
    (intent,) = approved.intents
    (order,) = engine.handle(OrderUpdate(intent.intent_id, OrderStep.SEND, EVE))
    assert isinstance(order, Order)
    told = fill(intent, 40, "0.25", "0.525", received_at=EVE)
    trade, order = engine.handle(told)
    assert isinstance(trade, Trade)
    assert isinstance(order, Order)
    assert (trade.open_count, order.filled) == (D(40), D(40))
    assert engine.handle(told) == ()


def test_a_settlement_pays_and_is_held_against_the_climate_report() -> None:
    engine = trading()
    bought(engine)
    at = NEW_YORK.day_end(DAY) + timedelta(hours=8)
    report = ClimateReport("CLINYC", DAY, 60, None, True, False, False, at, at)
    # the class that was decided in, and the night, in which nobody did
    assert kinds(engine.handle(report))[-3:] == ["Calibration", "EmosRecord", "EmosRecord"]
    trade, unlearned, *alarms, eve, night = engine.handle(Settlement(TICKER, D(1), D(55), at, at))
    assert isinstance(eve, EmosRecord)
    assert isinstance(night, EmosRecord)
    assert (eve.lead, night.lead, eve.lessons, night.lessons) == (Lead.EVE, Lead.NIGHT, (), ())
    assert isinstance(trade, Trade)
    assert (trade.pnl, trade.settled_value) == (D(100) - D("26.3125"), D(1))
    assert isinstance(unlearned, Calibration)
    assert unlearned.days == 0
    assert all(isinstance(one, Alarm) and "60 °F" in one.text for one in alarms)
    assert [a.name for a in alarms] == ["report_doubted", "settlement_differs"]  # type: ignore[union-attr]


def test_a_fill_that_is_told_after_its_market_settled_is_a_trade_and_paid_at_once() -> None:
    engine = trading()
    (approved,) = [v for v in engine.handle(CycleDue(EVE)) if isinstance(v, Approved)]
    (intent,) = approved.intents
    engine.handle(OrderUpdate(intent.intent_id, OrderStep.SEND, EVE))
    at = NEW_YORK.day_end(DAY) + timedelta(hours=8)
    engine.handle(Settlement(TICKER, D(1), None, at, at))
    later = at + timedelta(hours=1)
    *_, trade = engine.handle(fill(intent, 100, "0.25", "1.3125", received_at=later))
    assert isinstance(trade, Trade)
    assert (trade.open_count, trade.pnl, trade.closed_at) == (D(0), D("73.6875"), later)
    assert engine.account.tracker.open_trades() == ()


def test_a_sale_is_for_no_more_than_is_not_on_sale_already() -> None:
    engine = trading()
    intent = bought(engine)
    (first,) = engine.handle(ClosePosition(intent.trade_id, D(60), D("0.20"), EVE))
    later = EVE + timedelta(seconds=1)
    (second,) = engine.handle(ClosePosition(intent.trade_id, D(60), D("0.20"), later))
    (third,) = engine.handle(ClosePosition(intent.trade_id, D(40), D("0.20"), later))
    assert [type(v) for v in (first, second, third)] == [Approved, Refused, Approved]
    (unknown,) = engine.handle(ClosePosition("nobody", D(1), D("0.20"), EVE))
    assert isinstance(unknown, Refused)


def test_the_same_command_twice_is_obeyed_once_also_after_a_restart() -> None:
    engine = trading()
    intent = bought(engine)
    command = ClosePosition(intent.trade_id, D(10), D("0.20"), EVE, command_id="w1", by="ann")
    (approved,) = engine.handle(command)
    assert isinstance(approved, Approved)
    assert engine.handle(replace(command, received_at=EVE + timedelta(seconds=3))) == ()
    later = trading()
    later.obeyed([(command.command_id, command.received_at)])
    assert later.handle(command) == ()
    later.forget(EVE + timedelta(days=9))
    assert later.handle(replace(command, received_at=EVE + timedelta(days=9))) != ()


def test_a_command_to_cancel_takes_out_the_whole_structure() -> None:
    engine = trading()
    legs = [
        Order(intent_of(f"T{i}", bracket_id="b", name=str(i))).step(OrderStep.SEND) for i in (1, 2)
    ]
    for leg in legs:
        engine.account.orders[leg.intent.intent_id] = leg
    engine.handle(OrderUpdate(legs[0].intent.intent_id, OrderStep.ACCEPT, EVE, order_id="theirs"))
    verdicts = engine.handle(CancelRequest("theirs", "changed my mind", EVE, by="ann"))
    assert [(type(v), v.intent_id, v.reason) for v in verdicts] == [
        (CancelOrder, leg.intent.intent_id, "by ann: changed my mind") for leg in legs
    ]
    engine.handle(OrderUpdate(legs[0].intent.intent_id, OrderStep.FINISH, EVE, reason="gone"))
    engine.handle(OrderUpdate(legs[1].intent.intent_id, OrderStep.FINISH, EVE, reason="gone"))
    for name, figure in (("theirs", "gone"), ("nobody's", "no such order")):
        (refused,) = engine.handle(CancelRequest(name, "again", EVE))
        assert isinstance(refused, Refused)
        assert [check.figure for check in refused.failures] == [figure]


# --- what is learnt and accepted ------------------------------------------------------------------


def test_a_report_counts_for_decisions_after_it_and_for_none_before() -> None:
    next_ladder = replace(ladder(day=NEXT_DAY), received_at=EVE)
    report_at = NEW_YORK.day_end(DAY) - timedelta(hours=2)
    events = [next_ladder, nbp(EVE), nbp(EVE, 60.0, day=NEXT_DAY)]
    engine = engine_told(*events, max_forecast_age=timedelta(days=9))

    def mu_f(at: datetime) -> float:
        (*_, done) = engine.handle(CycleDue(at))
        assert isinstance(done, CycleDone)
        return done.cities[-1].mu_f

    report = ClimateReport("CLINYC", DAY, 58, None, True, False, False, EVE, report_at)
    assert mu_f(report_at) == 60.0
    assert kinds(engine.handle(report)) == ["Calibration", "EmosRecord"]
    assert mu_f(report_at) == 60.0 + 4 / 16
    # a new version of the model has learnt nothing yet
    engine.handle(nbp(EVE + timedelta(hours=6), 61.0, day=NEXT_DAY, version="5.1"))
    assert mu_f(report_at) == 61.0


def test_changed_rules_stop_trading_until_they_are_acknowledged() -> None:
    engine = trading()
    changed = ladder(terms=replace(TERMS, fingerprint="other"), received_at=EVE)
    record, alarm = engine.handle(changed)
    assert isinstance(record, SeriesTerms)
    assert isinstance(alarm, Alarm)
    assert "Approved" not in kinds(engine.handle(CycleDue(EVE)))
    (wrong,) = engine.handle(AcknowledgeTerms(NEW_YORK.series, "guessed", EVE))
    assert isinstance(wrong, Refused)
    assert wrong.checks[0].limit == record.fingerprint
    (accepted,) = engine.handle(AcknowledgeTerms(NEW_YORK.series, record.fingerprint, EVE))
    assert isinstance(accepted, SeriesTerms)
    assert "Approved" in kinds(engine.handle(CycleDue(EVE + timedelta(minutes=1))))


@pytest.mark.parametrize(
    "event",
    [
        Observation("KNYC", Basis.T_GROUP, EVE, EVE, 50, 50, EVE),
        DayTurned(EVE),
        nbp(),
        quoted(),
        ClimateReport("CLINYC", DAY, 60, None, False, False, False, EVE, EVE),
    ],
)
def test_a_fact_from_which_nothing_follows_has_no_verdict(event: Event) -> None:
    assert trading().handle(event) == ()


# --- the day --------------------------------------------------------------------------------------


def test_any_event_turns_the_day_before_it_is_handled() -> None:
    engine = trading()
    bought(engine)
    at = MIDNIGHT + timedelta(hours=3)
    record, *_ = engine.handle(Settlement(TICKER, D(1), None, at, at))
    assert isinstance(record, DailyRecord)
    assert (record.day, record.realised) == (EVE.date(), 0)
    assert record.closing_balance == D(1000) - D("26.3125") + D(23)
    nothing_new = engine.handle(DayTurned(at))
    assert nothing_new == ()


def test_what_is_long_over_is_forgotten_when_the_day_turns() -> None:
    engine = trading()
    engine.handle(DayTurned(EVE + timedelta(days=9)))
    assert engine.state.ladders == {}
    assert engine.state.books == {}


# --- calibration --------------------------------------------------------------------------------


def final_report(day: date = DAY, high_f: int = 54, hours: float = 7.0) -> ClimateReport:
    at = NEW_YORK.day_end(day) + timedelta(hours=hours)
    return ClimateReport("CLINYC", day, high_f, 40, True, False, False, at, at)


def test_a_morning_without_a_final_report_says_so_and_the_last_look_is_an_alarm() -> None:
    engine, at = trading(), NEW_YORK.day_end(DAY) + timedelta(hours=4)
    (done,) = engine.handle(CalibrationDue(at))[-1:]
    assert isinstance(done, CalibrationDone)
    assert (done.known, done.missing) == ((), ("NYC",))
    *_, last, alarm = engine.handle(CalibrationDue(at + timedelta(hours=7), is_last=True))
    assert isinstance(last, CalibrationDone)
    assert isinstance(alarm, Alarm)
    assert alarm.text == "NYC: no final climate report of 22 Nov; not learned"


def test_a_final_report_teaches_when_it_comes_and_then_nothing_is_missing() -> None:
    engine, at = trading(), NEW_YORK.day_end(DAY) + timedelta(hours=8)
    assert "Calibration" in kinds(engine.handle(final_report()))
    assert engine.handle(CalibrationDue(at, is_last=True)) == (CalibrationDone(at, ("NYC",), ()),)


def test_what_nobody_paid_for_two_days_is_an_alarm() -> None:
    engine = trading()
    bought(engine)
    at = NEW_YORK.day_end(DAY) + timedelta(days=1, hours=10)
    engine.handle(DayTurned(at))
    alarms = [v for v in engine.handle(CalibrationDue(at, is_last=True)) if isinstance(v, Alarm)]
    assert [alarm.name for alarm in alarms] == ["no_final_report", "not_settled"]


def test_a_cycle_says_how_many_were_slept_through() -> None:
    *_, done = trading().handle(CycleDue(EVE, missed=3))
    assert isinstance(done, CycleDone)
    assert done.missed == 3
