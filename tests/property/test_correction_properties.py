"""A report and its corrections come to the same, in whatever order and from wherever they come."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.history.records import Record, merge_events, read_events
from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.dsm import daily_maximum, parse_dsms
from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.domain.weather import ClimateReport, Observation
from kalshi_edge.models.observed import Bound
from tests.cases.weather_stories import DAY, NYC, seen, utc

Statement = Observation | ClimateReport

CLI = """
000
CDUS41 KOKX {heading}
CLINYC

CLIMATE REPORT
NATIONAL WEATHER SERVICE NEW YORK, NY
{issued} EDT SAT AUG 29 2026

...THE CENTRAL PARK NY CLIMATE SUMMARY FOR AUGUST 29 2026...
VALID TODAY AS OF {as_of} LOCAL TIME.

TEMPERATURE (F)
 TODAY
  MAXIMUM         {high}    212 PM 100    1953  82      1       79
  MINIMUM         63    518 AM  51    1986  67     -4       66

PRECIPITATION (IN)
"""
RECEIVED = utc("22:00")


def metar(mark: str, celsius: int, *, six_hours: bool) -> list[Observation]:
    group = f" 10{celsius}1" if six_hours else ""
    text = f"METAR KNYC 291751Z {mark}21007KT 10SM CLR {celsius}/19 RMK AO2 T0{celsius}10189{group}"
    found, faults = parse_metars(text, received_at=RECEIVED)
    assert not faults
    return list(found)


def summary(mark: str, high_f: int) -> list[Observation]:
    text = f"CXUS41 KOKX 292105\nDSMNYC\nKNYC DS {mark}1600 29/08 {high_f}1423/ 630541//"
    (one,), _ = parse_dsms(text, received_at=RECEIVED)
    maximum = daily_maximum(one)
    assert maximum is not None
    return [maximum]


def report(heading: str, high_f: int, as_of: str = "0400 PM") -> list[ClimateReport]:
    text = CLI.format(heading=heading, issued="443 PM", as_of=as_of, high=high_f)
    return list(parse_cli(text, received_at=RECEIVED))


figures = st.integers(70, 99)
celsius = st.integers(21, 37)
marks = st.sampled_from(["", "COR ", "CCA ", "CCB "])
summary_marks = st.sampled_from(["", "COR "])
headings = st.sampled_from(["292043", "292043 CCA", "292112 CCB", "292130 CCC"])


@st.composite
def stories(draw: st.DrawFn) -> list[Statement]:
    """Some statements of one day, each version of a subject at most once."""
    known: dict[str, list[Statement]] = {}
    for mark in draw(st.lists(marks, unique=True)):
        known[f"metar {'COR ' if mark == 'CCA ' else mark}"] = [
            *metar(mark, draw(celsius), six_hours=draw(st.booleans()))
        ]
    for mark in draw(st.lists(summary_marks, unique=True)):
        known[f"summary {mark}"] = [*summary(mark, draw(figures))]
    for heading in draw(st.lists(headings, unique=True)):
        known[heading] = [*report(heading, draw(figures))]
    return [one for some in known.values() for one in some]


def current(statements: list[Statement]) -> set[Bound]:
    return set(seen(statements).bounds)


@given(stories(), st.randoms(use_true_random=False), st.lists(st.integers(0, 90), max_size=12))
def test_any_order_and_any_receipt_come_to_the_same(
    story: list[Statement], chance: object, delays: list[int]
) -> None:
    expected = current(story)
    late = [
        replace(one, received_at=one.received_at + timedelta(minutes=delay))
        for one, delay in zip(story, [*delays, *([0] * len(story))], strict=False)
    ]
    chance.shuffle(late)  # type: ignore[attr-defined]
    assert current(late) == expected
    assert current(late + story) == expected


@given(stories(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_whatever_pages_they_come_in_the_state_is_the_same_and_nothing_is_news_twice(
    story: list[Statement], chance: object, size: int
) -> None:
    chance.shuffle(story)  # type: ignore[attr-defined]
    news = Deduplicator()
    taken: list[Statement] = []
    for start in range(0, len(story), size):
        taken += news.of(story[start : start + size])
    assert current(taken) == current(story)
    chance.shuffle(story)  # type: ignore[attr-defined]
    again = [replace(one, received_at=RECEIVED + timedelta(minutes=5)) for one in story]
    assert news.of(again) == news.of(again[::-1]) == []


@given(stories(), st.randoms(use_true_random=False), st.integers(0, 12))
def test_in_whatever_order_they_are_put_into_the_history_it_holds_the_same(
    story: list[Statement], chance: object, cut: int
) -> None:
    def kept(statements: list[Statement], at: int) -> list[Record]:
        with TemporaryDirectory() as name:
            merge_events(Path(name), statements[:at])
            merge_events(Path(name), statements[at:])
            days = date(2026, 8, 1), date(2026, 8, 31)
            return list(read_events(Path(name), ["NYC"], *days)) if statements else []

    expected = kept(story, len(story))
    shuffled = [*story]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert kept(shuffled, cut) == expected
    known = [one for one in expected if isinstance(one, Observation | ClimateReport)]
    assert current(known) == current(story)


@given(figures, figures, st.integers(0, 600))
def test_a_replay_knows_a_correction_only_once_it_was_received(
    first_f: int, corrected_f: int, minutes: int
) -> None:
    (original,) = summary("", first_f)
    at = original.received_at + timedelta(minutes=minutes)
    (correction,) = summary("COR ", corrected_f)
    correction = replace(correction, received_at=at + timedelta(minutes=1))
    known = [one for one in (original, correction) if one.received_at <= at]
    assert seen(known).floor_f() == first_f
    assert seen([*known, correction]).floor_f() == corrected_f


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 3 * 24 * 60))
def test_no_window_grows_by_being_read_later(hour: int, minute: int, later: int) -> None:
    """A summary that names no hour, sent within its day: its window is the same whenever read."""
    sent = NYC.day_start(DAY) + timedelta(hours=hour, minutes=minute, seconds=60)
    text = f"CXUS41 KOKX {sent:%d%H%M}\nDSMNYC\nKNYC DS COR 29/08 740001/ 630000//"
    windows = set()
    for delay in (0, later):
        (one,), faults = parse_dsms(text, received_at=sent + timedelta(minutes=delay))
        assert not faults
        maximum = daily_maximum(one)
        assert maximum is not None
        windows.add((maximum.start_at, maximum.end_at))
    assert windows == {(NYC.day_start(DAY), min(sent, NYC.day_end(DAY)))}


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_way_of_writing_an_hour_reaches_as_far(hour: int, minute: int) -> None:
    half, twelve = ("AM", "PM")[hour >= 12], hour % 12 or 12
    written = [f"{twelve:02d}{minute:02d} {half}", f"{twelve}{minute:02d} {half}",
               f"{twelve}:{minute:02d} {half}", f"{hour:02d}{minute:02d}",
               f"{hour:02d}:{minute:02d}"]  # fmt: skip
    if minute == 0:
        written += [f"{twelve} {half}", f"{twelve:02d} {half}", f"{twelve}{half}"]
    reaches = {report("300402", 83, text)[0].as_of for text in written}
    local = datetime(2026, 8, 29, hour, minute, tzinfo=UTC) + timedelta(hours=4)
    # By the summer clock the climate day goes from one to one, and it was sent at 00:02.
    before_it_began, after_it_was_sent = hour == 0 and minute > 2, hour == 0 and minute <= 2
    expected = None if before_it_began else local + timedelta(days=int(after_it_was_sent))
    assert reaches == {expected}
