"""Rows of an archive: what is missing, crossed or unreadable."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.data.history.archive import CITY_DAYS, MARKET_QUOTES
from kalshi_edge.data.history.import_archive import QUOTE_SIZE, ImportReport, import_archive
from kalshi_edge.data.history.records import Record, read_events
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.errors import HistoryError

DAYS = (
    "city,date,obs_max_f,asof_utc,nbm_tmax_f,gfs_mos_f,nam_mos_f,gefs_mean_f,rap_f,hrrr_f,om_hist_gfs_f",
    "NYC,2023-01-19,43.0,2023-01-18 12:00:00Z,41.5,44.0,,,,,43.0",
    "LAX,2023-01-19,60.0,,,,,,,,59.0",
    "MIA,2023-01-19,,2023-01-18 12:00:00+00:00,,80.0,,,,,81.0",
)
HEAD = "ticker,strike_type,lo_f,hi_f,snapshot_utc,yes_bid,yes_ask,open_interest,result,obs_max_f"
LADDER = (
    "HIGHNY-23JAN19-T42,less,,41.0,2023-01-18 22:00:00 UTC,0.0,100.0,0.0,no,43.0",
    "HIGHNY-23JAN19-B42.5,between,42.0,43.0,2023-01-19 05:00:00 UTC,40.0,44.0,900.0,yes,43.0",
    "HIGHNY-23JAN19-T43,greater,44.0,,,,,,no,43.0",
)


def imported(
    folder: Path, *, quotes: tuple[str, ...] = LADDER
) -> tuple[list[Record], ImportReport]:
    for name, lines in ((CITY_DAYS, DAYS), (MARKET_QUOTES, (HEAD, *quotes))):
        (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    report = import_archive(folder, folder / "history")
    cities = ("NYC", "LA", "MIA")
    found = read_events(folder / "history", cities, date(2023, 1, 1), date(2023, 1, 31))
    return list(found), report


def test_a_forecast_is_received_six_hours_after_its_cycle_and_the_future_column_never(
    tmp_path: Path,
) -> None:
    records, _ = imported(tmp_path)
    found = [record for record in records if isinstance(record, Forecast)]
    assert {(f.station, f.model, f.version, f.point_f) for f in found} == {
        ("KNYC", "NBM", "4.1", 41.5),
        ("KNYC", "GFSMOS", "", 44.0),
        ("KMIA", "GFSMOS", "", 80.0),
    }
    assert {f.received_at for f in found} == {datetime(2023, 1, 18, 18, tzinfo=UTC)}


def test_a_high_is_received_the_morning_after(tmp_path: Path) -> None:
    records, _ = imported(tmp_path)
    found = {r.report: r for r in records if isinstance(r, ClimateReport)}
    assert {name: r.high_f for name, r in found.items()} == {"CLINYC": 43, "CLILAX": 60}
    assert found["CLINYC"].received_at == datetime(2023, 1, 20, 11, tzinfo=UTC)


def test_nobody_bidding_and_nobody_offering_are_empty_sides(tmp_path: Path) -> None:
    records, report = imported(tmp_path)
    books = {r.ticker: r for r in records if isinstance(r, Book)}
    assert (books["HIGHNY-23JAN19-T42"].bid, books["HIGHNY-23JAN19-T42"].ask) == (None, None)
    quoted = books["HIGHNY-23JAN19-B42.5"]
    assert (quoted.bid, quoted.ask) == (Decimal("0.4"), Decimal("0.44"))
    assert quoted.asks[0].count == QUOTE_SIZE
    assert report.unquoted == ("HIGHNY-23JAN19-T43",)


def test_a_crossed_quote_is_left_out_and_counted(tmp_path: Path) -> None:
    crossed = LADDER[1].replace(",40.0,44.0,", ",44.0,44.0,")
    records, report = imported(tmp_path, quotes=(LADDER[0], crossed, LADDER[2]))
    assert report.crossed == ("HIGHNY-23JAN19-B42.5",)
    assert "HIGHNY-23JAN19-B42.5" not in {r.ticker for r in records if isinstance(r, Book)}


@pytest.mark.parametrize("left", [LADDER[1:], LADDER[:2], (LADDER[0], LADDER[2])])
def test_a_ladder_with_a_gap_is_kept_as_books_but_not_traded(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    records, report = imported(tmp_path, quotes=left)
    assert not [record for record in records if isinstance(record, Ladder)]
    assert len(report.untraded) == 1
    assert report.untraded[0].startswith("HIGHNY-23JAN19: ")
    assert report.records["NYC", "Settlement"] == len(left)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",42.0,43.0,", ",42.0,44.0,", "42–43°, not 42.0 to 44.0"),
        ("-B42.5", "-B42.2", "41.7"),
        (",yes,", ",maybe,", "not 'maybe'"),
        (",40.0,", ",forty,", "not 'forty'"),
        (" UTC", "", "without a zone"),
        ("2023-01-19 05", "2023-13-19 05", "month must be"),
        (",yes,43.0", ",yes,43.4", "43.4 °F is not a whole degree"),
        ("HIGHNY-23JAN19-B42.5", "HIGHNY-23FEB30-B42.5", "23FEB30"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_nothing_is_written(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    with pytest.raises(HistoryError, match=rf"market_quotes\.csv\.gz, line 3: .*{reason}"):
        imported(tmp_path, quotes=(LADDER[0], LADDER[1].replace(old, new), LADDER[2]))
    assert not (tmp_path / "history").exists()


def test_a_forecast_that_is_no_temperature_is_refused(tmp_path: Path) -> None:
    days = (DAYS[0], DAYS[1].replace("41.5", "nan"))
    (tmp_path / CITY_DAYS).write_bytes(gzip.compress("\n".join(days).encode()))
    with pytest.raises(HistoryError, match=r"city_days\.csv\.gz, line 2: nan"):
        import_archive(tmp_path, tmp_path / "history")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="city_days"):
        import_archive(tmp_path, tmp_path / "history")
