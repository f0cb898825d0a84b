"""Rows of quotes as an archive has them: prices from binary floats, and a bin quoted twice a day.

14.000000000000002 cents are 14 cents. A price further than a millionth from a whole cent is none:
it is left out, and the report of the import names it. A bin quoted at two times of one day is one
market with two books, on a ladder that can be traded.
"""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.data.history.archive import CITY_DAYS, MARKET_QUOTES
from kalshi_edge.data.history.import_archive import ImportReport, import_archive
from kalshi_edge.data.history.records import Record, read_events
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from tests.cases.weather_stories import utc

DAYS = (
    "city,date,obs_max_f,asof_utc,nbm_tmax_f,gfs_mos_f,nam_mos_f,gefs_mean_f,rap_f,hrrr_f",
    "NYC,2026-03-04,51.0,2026-03-03 12:00:00Z,50.0,,,,,",
)
HEAD = "ticker,strike_type,lo_f,hi_f,snapshot_utc,yes_bid,yes_ask,open_interest,result,obs_max_f"
EVENT = "KXHIGHNY-26MAR04"
MIDDLE = f"{EVENT}-B50.5"
EVENING, MORNING = "2026-03-03 23:00:00 UTC", "2026-03-04 14:00:00 UTC"


def ladder_rows(at: str = EVENING, ask: str = "14.0") -> list[str]:
    """Three bins; ``ask`` is that of the middle one."""
    return [
        f"{EVENT}-T50,less,,49.0,{at},3.0,9.0,80.0,no,51.0",
        f"{MIDDLE},between,50.0,51.0,{at},9.0,{ask},80.0,yes,51.0",
        f"{EVENT}-T51,greater,52.0,,{at},30.0,36.0,80.0,no,51.0",
    ]


def imported(folder: Path, quotes: list[str]) -> tuple[list[Record], ImportReport]:
    for name, lines in ((CITY_DAYS, DAYS), (MARKET_QUOTES, (HEAD, *quotes))):
        (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    report = import_archive(folder, folder / "history")
    days = utc("2026-03-01T00:00").date(), utc("2026-03-31T00:00").date()
    return list(read_events(folder / "history", ["NYC"], *days)), report


def books(records: list[Record]) -> dict[str, list[Book]]:
    found: dict[str, list[Book]] = {}
    for one in records:
        if isinstance(one, Book):
            found.setdefault(one.ticker, []).append(one)
    return found


@pytest.mark.parametrize("ask", ["14.000000000000002", "13.999999999999998"])
def test_a_price_from_a_binary_float_is_its_whole_cent(tmp_path: Path, ask: str) -> None:
    records, report = imported(tmp_path, ladder_rows(ask=ask))
    assert [one.ask for one in books(records)[MIDDLE]] == [Decimal("0.14")]
    assert MIDDLE not in repr(report)


def test_a_price_within_a_millionth_of_a_cent_is_that_cent(tmp_path: Path) -> None:
    records, _ = imported(tmp_path, ladder_rows(ask="14.0000004"))
    assert [one.ask for one in books(records)[MIDDLE]] == [Decimal("0.14")]


@pytest.mark.parametrize("ask", ["14.4", "14.00001"])
def test_a_price_that_is_no_whole_cent_is_left_out_and_named(tmp_path: Path, ask: str) -> None:
    records, report = imported(tmp_path, ladder_rows(ask=ask))
    assert set(books(records)) == {f"{EVENT}-T50", f"{EVENT}-T51"}
    assert MIDDLE in repr(report)


def test_a_bin_quoted_at_two_times_of_a_day_is_one_market_with_two_books(tmp_path: Path) -> None:
    quotes = ladder_rows(EVENING, "14.0") + ladder_rows(MORNING, "17.0")
    records, report = imported(tmp_path, quotes)
    assert [one.ask for one in books(records)[MIDDLE]] == [Decimal("0.14"), Decimal("0.17")]
    assert report.untraded == ()
    (ladder,) = (one for one in records if isinstance(one, Ladder))
    assert len(ladder.markets) == 3
    assert len([one for one in records if isinstance(one, Settlement)]) == 3
