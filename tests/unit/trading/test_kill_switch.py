"""The kill switch: what holds trading back, for how long, and what lifts it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.events import Halt, Resume
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState
from kalshi_edge.trading.kill_switch import KillSwitch, day_loss_hold
from kalshi_edge.trading.playbook import Limits
from tests.support.builders import NOW

D = Decimal
LIMITS = Limits()
NEXT = datetime(2026, 11, 23, tzinfo=UTC)
RUN = Switch(SwitchState.RUN, "never thrown", NOW)
BY_HAND = Switch(SwitchState.HALT, "by hand", NOW)


# --- the day's loss -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equity", "trips"),
    [("1000", False), ("950", False), ("949.99", True), ("1100", False), ("0", True)],
)
def test_the_switch_goes_off_beyond_five_percent_of_the_days_opening(
    equity: str, trips: bool
) -> None:
    thrown = day_loss_hold(RUN, D(equity), D(1000), NOW, LIMITS)
    assert (thrown is not None) is trips
    if thrown is not None:
        assert thrown.until_at == datetime(2026, 11, 23, tzinfo=UTC)
        assert thrown.holds(datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))
        assert not thrown.holds(datetime(2026, 11, 23, tzinfo=UTC))


def test_midnight_is_the_next_one_also_at_midnight_and_at_the_end_of_a_month() -> None:
    for at, until in (
        (datetime(2026, 11, 30, 0, 0, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ):
        thrown = day_loss_hold(RUN, D(0), D(1000), at, LIMITS)
        assert thrown is not None
        assert thrown.until_at == until


def test_a_halt_by_hand_is_never_shortened_by_a_days_loss_nor_hides_it() -> None:
    hold = day_loss_hold(BY_HAND, D(0), D(1000), NOW, LIMITS)
    assert hold is not None
    both = BY_HAND.with_hold(hold)
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert both.is_halted(midnight)
    assert both.without({Cause.PERSON}, "go on", NOW).is_halted(NOW)
    assert not both.without({Cause.PERSON}, "go on", NOW).is_halted(midnight)


def test_a_days_loss_that_holds_already_is_not_thrown_again() -> None:
    hold = day_loss_hold(RUN, D(0), D(1000), NOW, LIMITS)
    assert hold is not None
    assert day_loss_hold(RUN.with_hold(hold), D(0), D(1000), NOW, LIMITS) is None


def test_a_halt_that_is_over_can_be_followed_by_another() -> None:
    over = Switch(SwitchState.HALT, "yesterday", NOW - timedelta(days=1), NOW)
    assert day_loss_hold(over, D(900), D(1000), NOW, LIMITS) is not None


def test_a_halt_by_hand_holds_for_years() -> None:
    assert BY_HAND.is_halted(NOW + timedelta(days=4000))
    assert not RUN.is_halted(NOW)


# --- holds beside each other ----------------------------------------------------------------------


def hold(name: str, level: SwitchState = SwitchState.HALT, cause: Cause = Cause.TERMS) -> Hold:
    return Hold(cause, level, f"because of {name}", NOW, name=name)


def test_two_holds_of_one_cause_stand_beside_each_other_and_are_lifted_apart() -> None:
    ours = KillSwitch()
    ours.hold(hold("KXHIGHNY"))
    ours.hold(hold("KXHIGHMIA"))
    (after,) = ours.lift({Cause.TERMS}, "accepted", NOW, name="KXHIGHNY")
    assert [one.name for one in after.in_force(NOW)] == ["KXHIGHMIA"]
    assert ours.lift({Cause.TERMS}, "accepted", NOW, name="KXHIGHNY") == ()
    over = ours.resume(Resume("all of it", NOW, cause=Cause.TERMS))
    assert over.state is SwitchState.RUN


def test_a_drill_leaves_the_real_hold_of_the_same_cause() -> None:
    ours = KillSwitch()
    ours.halt(Halt("in earnest", NOW))
    ours.halt(Halt("drill", NOW, level=SwitchState.FLATTEN, name="drill"))
    assert ours.level(NOW) is SwitchState.FLATTEN
    after = ours.resume(Resume("drill over", NOW, cause=Cause.PERSON, name="drill"))
    assert [one.reason for one in after.in_force(NOW)] == ["in earnest"]


def test_what_a_breaker_lifts_is_its_own_hold_and_no_drills() -> None:
    ours = KillSwitch()
    ours.hold(hold("", cause=Cause.STALE_DATA))
    ours.hold(hold("drill", cause=Cause.STALE_DATA))
    (after,) = ours.lift({Cause.STALE_DATA}, "fresh", NOW)
    assert [one.name for one in after.in_force(NOW)] == ["drill"]
    assert after.hold(Cause.STALE_DATA, NOW) is None
    assert ours.lift({Cause.STALE_DATA}, "fresh", NOW) == ()


def test_a_drill_of_the_day_loss_keeps_no_real_one_away() -> None:
    drilled = RUN.with_hold(hold("drill", cause=Cause.DAY_LOSS))
    assert day_loss_hold(drilled, D(0), D(1000), NOW, LIMITS) is not None


def test_a_second_halt_never_lowers_the_level() -> None:
    ours = KillSwitch()
    ours.halt(Halt("out", NOW, level=SwitchState.FLATTEN))
    assert ours.halt(Halt("and stop", NOW)).level(NOW) is SwitchState.FLATTEN


def test_a_halt_by_hand_holds_over_midnight_and_over_a_restart() -> None:
    ours = KillSwitch()
    by_hand = ours.halt(Halt("by hand", NOW))
    assert ours.turn_day(NEXT) == ()
    assert ours.is_halted(NEXT + timedelta(days=30))
    again = KillSwitch(by_hand)
    assert again.turn_day(NEXT) == ()
    assert again.is_halted(NEXT)


def test_a_day_loss_halt_is_over_at_midnight_also_after_a_restart() -> None:
    again = KillSwitch(Switch(SwitchState.HALT, "day loss", NOW, NEXT), halts=1)
    assert again.is_halted(NEXT - timedelta(seconds=1))
    (released,) = again.turn_day(NEXT)
    assert released.state is SwitchState.RUN
    assert again.halts == 0


def test_a_switch_never_thrown_lets_trading_run() -> None:
    assert not KillSwitch().is_halted(NOW)
