"""What is remembered of bulletins' files, and what a source tells of itself."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.layout import Layout
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.domain.weather import Basis, ClimateReport, Forecast, Observation
from kalshi_edge.errors import SourceError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FULL = Layout(34_714_882, {"KNYC": 20_000_000, "KLAX": 9_000_000}, frozenset({"KXXX"}), '"tag"')
SHORT = Layout(27_500_000, {"KNYC": 16_000_000, "KLAX": 7_200_000})
POOR = Layout(34_724_473, {"KLAX": 9_000_100})
BOTH = {"KNYC", "KLAX"}


def test_a_run_is_like_that_of_the_same_hour_the_day_before():
    layouts = LayoutCache()
    layouts.remember("NBP", 13, FULL)
    layouts.remember("NBP", 12, SHORT)
    assert layouts.layout("NBP", 13, BOTH) == FULL
    assert layouts.layout("NBP", 12, BOTH) == SHORT


def test_an_hour_never_seen_is_like_one_that_holds_as_much():
    layouts = LayoutCache()
    layouts.remember("NBP", 13, FULL)
    layouts.remember("NBP", 12, SHORT)
    assert [layouts.layout("NBP", hour, BOTH) for hour in (0, 1, 7, 19)] == [
        SHORT,
        FULL,
        FULL,
        FULL,
    ]
    layouts = LayoutCache()
    layouts.remember("NBP", 12, SHORT)
    layouts.remember("NBP", 13, FULL)
    assert [layouts.layout("NBP", hour, BOTH) for hour in (0, 1, 7, 19)] == [
        SHORT,
        FULL,
        FULL,
        FULL,
    ]


def test_a_layout_that_knows_our_stations_is_better_than_one_of_the_same_hour():
    layouts = LayoutCache()
    layouts.remember("NBP", 13, POOR)
    layouts.remember("NBP", 12, SHORT)
    assert layouts.layout("NBP", 13, BOTH) == SHORT
    assert layouts.layout("NBP", 13, {"KLAX"}) == POOR


def test_another_bulletin_is_nothing_alike():
    layouts = LayoutCache()
    layouts.remember("NBP", 13, FULL)
    assert layouts.layout("NBS", 12, BOTH) is None


def test_what_is_written_down_is_read_back_whole(tmp_path: Path):
    path = tmp_path / "layouts.json"
    layouts = LayoutCache(path)
    layouts.remember("NBP", 13, FULL)
    layouts.remember("NBS", 12, SHORT)
    again = LayoutCache(path)
    assert again.layout("NBP", 13, BOTH) == FULL
    assert again.layout("NBS", 12, BOTH) == SHORT
    assert [file.name for file in tmp_path.iterdir()] == ["layouts.json"]


def test_nothing_new_is_not_written_again(tmp_path: Path):
    path = tmp_path / "layouts.json"
    layouts = LayoutCache(path)
    layouts.remember("NBP", 13, FULL)
    path.unlink()
    layouts.remember("NBP", 13, Layout(FULL.size, dict(FULL.starts), FULL.absent, FULL.scanned))
    assert not path.exists()


# --- news -------------------------------------------------------------------------------------


def forecast(mean_f: float, received_at: datetime = NOW, run_at: datetime = NOW) -> Forecast:
    return Forecast("KNYC", date(2026, 11, 23), "NBP", "5.0", run_at, received_at, mean_f)


def test_the_same_word_is_news_once_whenever_it_comes():
    news = Deduplicator()
    assert news.of([forecast(50)]) == [forecast(50)]
    assert news.of([forecast(50, NOW + timedelta(hours=1))]) == []


def test_a_word_that_changes_and_changes_back_is_news_each_time():
    news = Deduplicator()
    assert [len(news.of([forecast(mean_f)])) for mean_f in (50, 51, 50, 50)] == [1, 1, 1, 0]


def test_another_run_is_another_word_even_if_it_says_the_same():
    news = Deduplicator()
    assert news.of([forecast(50), forecast(50, run_at=NOW - timedelta(hours=6))])


def test_a_result_after_its_floor_is_news():
    def report(is_final: bool) -> ClimateReport:
        day = date(2026, 11, 21)
        return ClimateReport("CLINYC", day, 50, 40, is_final, False, False, NOW, NOW)

    news = Deduplicator()
    assert [len(news.of([report(is_final)])) for is_final in (False, True, True)] == [1, 1, 0]


def test_forecasts_that_differ_in_one_page_are_no_news_at_the_next():
    news = Deduplicator()
    page = [forecast(50), forecast(51)]
    assert news.of(page) == [forecast(51)]
    assert news.of(page) == []


def test_an_original_after_its_correction_is_no_news():
    def reading(low_f: int, correction: int, minutes: int = 0) -> Observation:
        at = NOW + timedelta(minutes=minutes)
        return Observation("KNYC", Basis.T_GROUP, NOW, NOW, low_f, low_f, at, correction)

    news = Deduplicator()
    assert news.of([reading(88, 1)]) == [reading(88, 1)]
    assert news.of([reading(91, 0, 5), reading(88, 1, 5)]) == []
    assert news.of([reading(87, 2, 9)]) == [reading(87, 2, 9)]
    assert news.of([reading(91, 0, 9), reading(88, 1, 9), reading(87, 2, 9)]) == []


def test_of_two_words_without_a_mark_the_later_one_stands_and_neither_is_news_again():
    def reading(low_f: int, minutes: int) -> Observation:
        at = NOW + timedelta(minutes=minutes)
        return Observation("KNYC", Basis.T_GROUP, NOW, NOW, low_f, low_f, at)

    news = Deduplicator()
    assert news.of([reading(88, 0)]) == [reading(88, 0)]
    assert news.of([reading(88, 5), reading(91, 5)]) == [reading(91, 5)]
    assert news.of([reading(91, 9), reading(88, 9)]) == []


# --- status -----------------------------------------------------------------------------------


def test_a_source_never_asked_says_so():
    status = Tally("NBP", ManualClock(NOW)).status()
    assert (status.outcome, status.age, status.error) == (PollOutcome.NOT_ASKED, None, "")


def test_an_error_that_was_made_good_is_kept_beside_the_success():
    clock = ManualClock(NOW)
    tally = Tally("NBP", clock)
    tally.begin()
    tally.note(SourceError("the bucket is down", outcome=PollOutcome.DOWN))
    tally.bytes_moved += 700
    tally.newest(NOW - timedelta(hours=5))
    tally.end([forecast(50)])
    clock.advance(timedelta(minutes=30))
    status = tally.status()
    assert (status.outcome, status.age) == (PollOutcome.NEW, timedelta(minutes=30))
    assert (status.error, status.error_at) == ("the bucket is down", NOW)
    tally.begin()
    tally.end([])
    assert tally.status().outcome == PollOutcome.UNCHANGED
    assert (tally.status().bytes_moved, tally.status().last_bytes) == (700, 0)


def test_a_failure_keeps_the_age_of_the_last_success_and_tells_each_reason_once():
    clock = ManualClock(NOW)
    tally = Tally("NWS forecast", clock)
    tally.begin()
    tally.end([forecast(50)])
    clock.advance(timedelta(hours=1))
    tally.begin()
    down = SourceError("it is down", outcome=PollOutcome.DOWN)
    others = [SourceError(f"{name} is late", outcome=PollOutcome.LATE) for name in "ABC"]
    tally.end([], [down, down, *others])
    status = tally.status()
    assert (status.outcome, status.age) == (PollOutcome.DOWN, timedelta(hours=1))
    assert status.error == "it is down; A is late; B is late"


def test_the_newest_thing_stays_the_newest():
    tally = Tally("NBP", ManualClock(NOW))
    tally.newest(NOW)
    tally.newest(NOW - timedelta(hours=6))
    assert tally.status().cycle == NOW


def test_what_failed_is_named_before_what_was_therefore_not_asked():
    tally = Tally("NWS forecast", ManualClock(NOW))
    resting = SourceError("left alone for 30 s", outcome=PollOutcome.RESTING)
    short = SourceError("less than announced", outcome=PollOutcome.TRUNCATED)
    for unmet in ([resting, short], [short, resting]):
        tally.begin()
        tally.end([], unmet)
        assert tally.status().outcome == PollOutcome.TRUNCATED
    tally.end([], [resting])
    assert tally.status().outcome == PollOutcome.RESTING
