"""Rows of an archive: what is missing, crossed or unreadable."""

import gzip
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge.data.history.archive import CITY_DAYS, MARKET_QUOTES
from kalshi_edge.data.history.import_archive import QUOTE_SIZE, ImportReport, import_archive
from kalshi_edge.data.history.records import Record, cities_in, read_events
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


def write(folder: Path, name: str, lines: Iterable[str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))


def everything(folder: Path) -> list[Record]:
    cities = cities_in(folder)
    return list(read_events(folder, cities, date(2023, 1, 1), date(2023, 1, 31)))


def imported(
    folder: Path, *, quotes: tuple[str, ...] = LADDER, days: tuple[str, ...] = DAYS
) -> tuple[list[Record], ImportReport]:
    write(folder, CITY_DAYS, days)
    write(folder, MARKET_QUOTES, (HEAD, *quotes))
    report = import_archive(folder, folder / "history")
    return everything(folder / "history"), report


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
    nobody = books["HIGHNY-23JAN19-T43"]
    assert (nobody.bid, nobody.ask, nobody.received_at) == (None, None, quoted.received_at)


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
    ("old", "new", "reason", "costs"),
    [
        (",42.0,43.0,", ",42.0,44.0,", "42–43°, not 42.0 to 44.0", "market"),
        ("-B42.5", "-B42.2", "41.7", "market"),
        ("HIGHNY-23JAN19-B42.5", "HIGHNY-23FEB30-B42.5", "23FEB30", "market"),
        ("HIGHNY-23JAN19-B42.5", "HIGHOSLO-23JAN19-B42.5", "HIGHOSLO", "market"),
        (",40.0,", ",forty,", "not 'forty'", "quote"),
        (",40.0,", ",nan,", "not 'nan'", "quote"),
        (",44.0,", ",101.0,", "101.0 is not within 0 to 100 cents", "quote"),
        (",40.0,", ",100.0,", "bid 100, ask 44 cents", "quote"),
        (",44.0,", ",0.0,", "bid 40, ask 0 cents", "quote"),
        (" UTC", "", "without a zone", "quote"),
        ("2023-01-19 05", "2023-13-19 05", "month must be", "quote"),
        ("2023-01-19 05:00:00 UTC", "", "bid 40, ask 44 cents", "quote"),
        (",900.0,", ",many,", "open_interest must be a number, not 'many'", "quote"),
        (",yes,", ",maybe,", "not 'maybe'", "result"),
        (",yes,43.0", ",yes,43.4", "43.4 °F is not a whole degree", "nothing"),
        (",yes,43.0", ",yes,999.0", "999.0 °F is not within", "nothing"),
    ],
)
def test_what_cannot_be_read_is_named_and_costs_only_itself(
    tmp_path: Path, old: str, new: str, reason: str, costs: str
) -> None:
    bad = LADDER[1].replace(old, new)
    assert bad != LADDER[1]
    records, report = imported(tmp_path, quotes=(LADDER[0], bad, LADDER[2]))
    (left,) = report.left_out
    assert left.where == "market_quotes.csv.gz, line 3"
    assert reason in left.why
    counts = {"Ladder": 1, "Book": 3, "Settlement": 3}
    match costs:
        case "market":
            counts = {"Book": 2, "Settlement": 2}
            assert report.untraded == ("HIGHNY-23JAN19: ≤41° and ≥44° leave a gap or overlap",)
        case "quote":
            counts["Book"] = 2
        case "result":
            counts["Settlement"] = 2
    kinds = ("Ladder", "Book", "Settlement")
    assert {
        kind: count for (city, kind), count in report.records.items()
        if city == "NYC" and kind in kinds
    } == counts  # fmt: skip
    assert len(records) == sum(report.records.values())


def test_a_forecast_that_is_no_temperature_costs_no_other(tmp_path: Path) -> None:
    days = (DAYS[0], DAYS[1].replace("41.5", "nan"), *DAYS[2:])
    records, report = imported(tmp_path, days=days)
    assert [str(left) for left in report.left_out] == [
        "city_days.csv.gz, line 2: °F must be a number, not 'nan'"
    ]
    models = {(r.station, r.model) for r in records if isinstance(r, Forecast)}
    assert models == {("KNYC", "GFSMOS"), ("KMIA", "GFSMOS")}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-6],
        lambda _: b"<html>503</html>",
        lambda _: b"",
    ],
)
def test_a_file_that_breaks_off_costs_what_is_not_in_it(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    write(tmp_path, CITY_DAYS, DAYS)
    whole = gzip.compress("\n".join((HEAD, *LADDER)).encode())
    (tmp_path / MARKET_QUOTES).write_bytes(damage(whole))
    report = import_archive(tmp_path, tmp_path / "history")
    assert report.records["NYC", "Forecast"] == 2
    assert any(left.where.startswith(MARKET_QUOTES) for left in report.left_out)


def test_a_row_of_another_length_and_bytes_that_are_no_text_cost_their_row(tmp_path: Path) -> None:
    lines = (*LADDER[:2], "HIGHNY-23JAN19-B44.5,between", LADDER[2])
    text = "\n".join((HEAD, *lines)).encode() + b"\n\n\xff\xfe,,,,,,,,,\n"
    write(tmp_path, CITY_DAYS, DAYS)
    (tmp_path / MARKET_QUOTES).write_bytes(gzip.compress(text))
    report = import_archive(tmp_path, tmp_path / "history")
    assert [left.reason for left in report.left_out] == [
        "a row of another length",
        "no market of ours",
    ]
    assert report.records["NYC", "Ladder"] == 1


def test_what_is_said_twice_is_one_fact_and_what_contradicts_is_none(tmp_path: Path) -> None:
    other = LADDER[1].replace(",40.0,44.0,", ",39.0,44.0,")
    _, report = imported(tmp_path / "same", quotes=(*LADDER, LADDER[1]))
    assert (report.records["NYC", "Book"], report.repeated, report.left_out) == (3, 1, ())
    _, report = imported(tmp_path / "other", quotes=(*LADDER, other))
    assert report.records["NYC", "Book"] == 2
    (left,) = report.left_out
    assert "HIGHNY-23JAN19-B42.5" in left.why
    paid_twice = LADDER[1].replace(",yes,", ",no,").replace("05:00", "06:00")
    _, report = imported(tmp_path / "paid", quotes=(*LADDER, paid_twice))
    assert (report.records["NYC", "Book"], report.records["NYC", "Settlement"]) == (4, 2)


def test_a_row_that_does_not_say_its_bounds_or_type_is_read_by_its_ticker(tmp_path: Path) -> None:
    quotes = (
        "HIGHNY-23JAN19-T42,,,41.0,2023-01-18 22:00:00 UTC,0.0,100.0,0.0,no,43.0",
        "HIGHNY-23JAN19-B42.5,,,,2023-01-19 05:00:00 UTC,40.0,44.0,900.0,yes,43.0",
        "HIGHNY-23JAN19-T43,unknown,44.0,,,,,,no,43.0",
    )
    records, report = imported(tmp_path, quotes=quotes)
    assert report.left_out == report.untraded == ()
    (ladder,) = (one for one in records if isinstance(one, Ladder))
    assert [str(market.bin) for market in ladder.markets] == ["≤41°", "42–43°", "≥44°"]


def test_columns_are_known_by_other_names_too(tmp_path: Path) -> None:
    usual, report = imported(tmp_path / "usual")
    head = HEAD.replace("yes_bid", "bid_cents").replace("snapshot_utc", "snap_utc")
    head = head.replace("yes_ask", "offer").replace("obs_max_f", "high_f")
    folder = tmp_path / "other"
    write(folder, "days.csv.gz", DAYS)
    (folder / "quotes.csv").write_text("\n".join((head, *LADDER)), encoding="utf-8")
    (folder / "columns.json").write_text('{"offer": "yes_ask"}', encoding="utf-8")
    assert import_archive(folder, folder / "history") == report
    assert everything(folder / "history") == usual
    (folder / "columns.json").write_text('["yes_ask"]', encoding="utf-8")
    with pytest.raises(HistoryError, match=r"columns\.json: not an object"):
        import_archive(folder, folder / "history")


def test_a_ladder_is_known_with_its_first_quote(tmp_path: Path) -> None:
    early = LADDER[0].replace("2023-01-18 22", "2023-01-18 15")
    records, _ = imported(tmp_path, quotes=(early, *LADDER[1:]))
    (ladder,) = (one for one in records if isinstance(one, Ladder))
    assert ladder.received_at == datetime(2023, 1, 18, 15, tzinfo=UTC)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="city_days"):
        import_archive(tmp_path, tmp_path / "history")
