"""A stretch of trading recounted: what is missing or does not add up is said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Settlement, Side
from kalshi_edge.domain.records import Calibration, DailyRecord
from kalshi_edge.domain.verdicts import Alarm, CalibrationDone, Verdict
from kalshi_edge.runtime.audit import Stretch, recount
from kalshi_edge.runtime.schedule import Count, Job
from tests.support.builders import DAY, NOW, fill, intent

D = Decimal
START = D(1000)
TOMORROW = NOW + timedelta(days=1)
BUY = fill(intent(), 10, "0.30", "0.15")
SALE = fill(intent(side=Side.SELL), 4, "0.50", "0.07")
PAID = Settlement(BUY.ticker, D(1), D(52), TOMORROW, TOMORROW)
CASH = START - 3 - D("0.15") + 2 - D("0.07") + 6
"""Ten bought, four sold again, six paid a dollar each."""


def day_record(day: date, opening: str, closing: str) -> DailyRecord:
    return DailyRecord(day, "paper", D(opening), D(closing), D(0), D(0), 0, 0, 0)


LEARNED = Calibration("NYC", "NBP", "5.0", days=1, as_of=DAY - timedelta(days=1))
WHOLE: tuple[tuple[datetime, Sequence[Event], Sequence[Verdict]], ...] = (
    (NOW, (BUY, SALE), ()),
    (TOMORROW, (PAID,), (day_record(DAY, "1000", "1001"), LEARNED)),
    (TOMORROW, (CycleDue(TOMORROW),), (CalibrationDone(TOMORROW, ("NYC",), ()),)),
)


def lived(*more: Verdict, without: object = None) -> Stretch:
    lines = [
        JournalEntry(seq, at, tuple(events), tuple(v for v in verdicts if v is not without))
        for seq, (at, events, verdicts) in enumerate(WHOLE, 1)
    ]
    lines.append(JournalEntry(len(lines) + 1, TOMORROW, (CycleDue(TOMORROW),), more))
    return Stretch(
        recount=recount(lines, START, TOMORROW),
        counts={job: Count(due=48, done=48) for job in Job},
        cash=CASH,
        simulated_cash=CASH,
        cities=("NYC",),
        replayed=len(lines),
        differences=0,
        memory_mb=(100.0,),
        real_s=1.0,
    )


def test_a_whole_stretch_has_no_faults() -> None:
    stretch = lived()
    assert stretch.recount.cash == CASH
    assert (stretch.recount.fills, stretch.recount.settled) == (2, 1)
    assert stretch.faults == ()


def test_a_fill_told_twice_is_counted_once() -> None:
    lines = [JournalEntry(1, NOW, (BUY,), ()), JournalEntry(2, NOW, (BUY,), ())]
    assert recount(lines, START, NOW).cash == START - 3 - D("0.15")


def test_what_is_missing_is_said() -> None:
    stretch = lived()
    counts = {**stretch.counts, Job.CYCLE: Count(due=48, done=47, missed=1)}
    assert replace(stretch, counts=counts).faults == ("cycle: 1 of 48 missed",)
    # Half hours after 16:00 and up to 15:40 of the next day.
    counts = {**stretch.counts, Job.CYCLE: Count(due=40, done=40), Job.DAY: Count()}
    idle = ("cycle: 40 of 47 done", "day: 0 of 1 done")
    assert replace(stretch, counts=counts).faults == idle
    assert lived(without=WHOLE[2][2][0]).faults == ("reports asked for on 0 of 1 days",)
    assert lived(without=WHOLE[1][2][0]).faults == ("daily records of 0 days, not 1",)
    assert lived(without=LEARNED).faults == ("NYC: learned from 0 of 1 days",)


def test_what_does_not_add_up_is_said() -> None:
    (cash,) = replace(lived(), simulated_cash=CASH + D("0.01")).faults
    assert cash == f"cash {CASH}, {CASH + D('0.01')} and {CASH} differ"
    assert replace(lived(), differences=2).faults == ("2 of 4 lines differ when replayed",)
    assert replace(lived(), recorded=4, recorded_otherwise=1).faults == (
        "1 of 4 lines differ when replayed from the recording",
    )
    gap = day_record(DAY + timedelta(days=1), "1000.50", "1000.50")
    assert "2026-11-23 opens with 1000.50, not 1001" in lived(gap).faults
    assert lived(Alarm("not_settled", "a market")).faults == ("a market",)
