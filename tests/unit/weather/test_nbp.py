"""NBP bulletins: figures read by eye from real captures, and every kind of damage by its name."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kalshi_edge.data.weather.nbm.block import block_header, blocks
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import BulletinError

RECEIVED_AT = datetime(2026, 11, 22, tzinfo=UTC)

# Two columns of minima, two of maxima, the second with three figures and ties; layout of 2026.
BLOCK = """\
 KPHX    NBM V5.0 NBP GUIDANCE    9/16/2026  1300 UTC
    THU 17| FRI 18| SAT 19|
 UTC    12| 00  12| 00
 FHR    23| 35  47| 59
 TXNMN  78| 99  77|100
 TXNSD   2|  2   2|  3
 TXNP1  75| 97  74| 97
 TXNP2  77| 98  76| 99
 TXNP5  78| 99  77|100
 TXNP7  79|100  78|101
 TXNP9  80|100  79|104
 WSPP1   3|  4   3|  4
"""


def parsed(text: str | bytes, *stations: str):
    return parse_nbp(text, received_at=RECEIVED_AT, stations=stations or None)


def only_fault(text: str | bytes) -> BulletinError:
    bulletin = parsed(text)
    assert len(bulletin.faults) == 1
    return bulletin.faults[0]


def of_day(forecasts: tuple[Forecast, ...], station: str, day: date) -> Forecast:
    (found,) = (f for f in forecasts if (f.station, f.climate_day) == (station, day))
    return found


def test_at_13z_the_first_column_is_a_minimum_and_the_first_maximum_is_tomorrows(shared: Path):
    text = (shared / "data/nbm/nbp_v5.0_20260928_t13z.txt").read_bytes()
    midway = parsed(text, "KMDW").forecasts
    assert midway[0] == Forecast(
        station="KMDW",
        climate_day=date(2026, 9, 29),
        model="NBP",
        version="5.0",
        run_at=datetime(2026, 9, 28, 13, tzinfo=UTC),
        received_at=RECEIVED_AT,
        mean_f=75.0,
        sd_f=2.0,
        percentiles=((10, 73.0), (25, 74.0), (50, 75.0), (75, 77.0), (90, 78.0)),
    )
    assert [f.climate_day for f in midway] == [
        date(2026, 9, 29) + timedelta(days=n) for n in range(9)
    ]
    assert [f.mean_f for f in midway] == [75, 75, 73, 64, 64, 65, 60, 62, 62]
    assert [f.sd_f for f in midway] == [2, 5, 5, 5, 4, 4, 4, 5, 5]


def test_at_01z_the_first_maximum_is_that_of_the_local_day_in_progress(shared: Path):
    text = (shared / "data/nbm/nbp_v5.0_20260929_t01z.txt").read_bytes()
    angeles = parsed(text, "KLAX").forecasts
    assert angeles[0].climate_day == date(2026, 9, 29), "the column says WED 30"
    assert angeles[0].percentiles == ((10, 80), (25, 82), (50, 84), (75, 85), (90, 88))
    assert (angeles[-1].climate_day, angeles[-1].mean_f) == (date(2026, 10, 7), 90)
    assert len(angeles) == 9


def test_version_4_2_is_read_alike_with_its_wider_lines(shared: Path):
    text = (shared / "data/nbm/nbp_v4.2_20240601_t13z.txt").read_bytes()
    first = of_day(parsed(text).forecasts, "KMDW", date(2024, 6, 2))
    assert first.version == "4.2"
    assert (first.mean_f, first.sd_f) == (77, 3)
    assert first.percentiles == ((10, 73), (25, 75), (50, 77), (75, 79), (90, 80))


def test_the_gateways_form_has_a_heading_and_no_leading_blank(shared: Path):
    text = (shared / "data/nbm/nbp_v5.0_IEM_KOKX_20260525_t13z.txt").read_text()
    bulletin = parsed(text)
    assert bulletin.faults == ()
    first, *_, last = bulletin.forecasts
    assert (first.station, first.climate_day) == ("KOKX", date(2026, 5, 26))
    assert first.percentiles == ((10, 79), (25, 80), (50, 81), (75, 84), (90, 86))
    assert (last.climate_day, last.mean_f, last.sd_f) == (date(2026, 6, 3), 80, 6)


def test_three_figures_and_ties_are_ordinary():
    first, second = parsed(BLOCK).forecasts
    assert (first.climate_day, second.climate_day) == (date(2026, 9, 17), date(2026, 9, 18))
    assert first.percentiles == ((10, 97), (25, 98), (50, 99), (75, 100), (90, 100))
    assert second.percentiles == ((10, 97), (25, 99), (50, 100), (75, 101), (90, 104))
    assert (second.mean_f, second.sd_f, second.point_f) == (100, 3, 100)


def test_line_ends_and_indentation_do_not_matter():
    plain = parsed(BLOCK)
    gateway = "".join(line.removeprefix(" ") for line in BLOCK.splitlines(keepends=True))
    assert parsed("000\r\r\nFEUS18 KWNO 161300\r\r\nNBPPHX\r\r\n\x1e" + gateway) == plain
    assert parsed(BLOCK.replace("\n", "\r\r\n")) == plain
    assert parsed(BLOCK.encode()) == plain
    assert parsed(BLOCK.rstrip("\n")) == plain


def test_minus_99_and_blanks_are_missing_and_leave_the_rest():
    holes = BLOCK.replace("TXNP1  75| 97", "TXNP1  75|-99").replace("|  2   2|  3", "|  2   2|   ")
    first, second = parsed(holes).forecasts
    assert first.percentiles == ((25, 98), (50, 99), (75, 100), (90, 100))
    assert second.sd_f is None
    short = BLOCK.replace("  77|100\n", "  77\n", 1)
    assert parsed(short).forecasts[1].mean_f is None, "trailing blanks may be left out"


def test_a_column_without_any_figure_is_no_forecast():
    lines = [line[:18] + "|   " if line[1:4] == "TXN" else line for line in BLOCK.splitlines()]
    bulletin = parsed("\n".join(lines) + "\n")
    assert [f.climate_day for f in bulletin.forecasts] == [date(2026, 9, 17)]
    assert bulletin.faults == ()


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"),
    [
        ("TXNP7  79|100", "TXNP7  79| 96", "percentiles fall: [97.0, 98.0, 99.0, 96.0, 100.0]", 1),
        ("TXNSD   2|  2", "TXNSD   2| -2", "TXNSD holds '| -2'", 6),
        ("TXNSD   2|  2", "TXNSD   2| 75", "TXNSD holds '| 75'", 6),
        ("TXNP9  80|100", "TXNP9  80|998", "TXNP9 holds '|998'", 11),
        ("TXNP1  75| 97", "TXNP1  75|-98", "TXNP1 holds '|-98'", 7),
        ("TXNMN  78| 99", "TXNMN  78| 9x", "TXNMN holds '| 9x'", 5),
        ("TXNMN  78| 99", "TXNMN 78| 99", "TXNMN holds ' 99 '", 5),
        ("TXNMN  78| 99", "TXNMN  78 |99", "TXNMN holds ' |99'", 5),
        ("TXNP5  78", "TXNP4  78", "no whole TXNP5 row", 1),
        (" WSPP1", " TXNMN", "a second row 'TXNMN'", 12),
        (" UTC    12", " UTC    00", "UTC row does not say 12 at FHR 23", 1),
        (" FHR    23", " FHR    24", "UTC row does not say 13 at FHR 24", 1),
        (" FHR    23| 35", " FHR    35| 23", "FHR row does not rise", 1),
        (" FHR    23| 35", " FHR    23|  35", "FHR row without even columns", 1),
        (" FHR    23| 35", " FHR    2x| 35", "FHR row does not rise", 1),
        ("9/16/2026  1300", "9/31/2026  1300", "day is out of range for month", 1),
        ("9/16/2026  1300", "9/16/2026  2500", "hour must be in 0..23", 1),
        ("9/16/2026", "9-16-2026", "not the header of a block", 1),
        ("NBP GUIDANCE", "NBS GUIDANCE", "a block of NBS, not of NBP", 1),
        (
            "9/16/2026",
            "9/16/2027",
            "run of 2027-09-16 13:00:00+00:00, after its receipt at 2026-11-22",
            1,
        ),
    ],
)
def test_damage_is_refused_with_station_line_and_reason(old, new, reason, line):
    assert old in BLOCK
    fault = only_fault(BLOCK.replace(old, new, 1))
    assert reason in fault.reason
    assert (fault.station, fault.line) == ("KPHX", line)


def test_one_bad_day_costs_only_that_day_and_one_bad_station_only_that_station():
    falling = BLOCK.replace("TXNP7  79|100", "TXNP7  79| 96")
    good = BLOCK.replace("KPHX", "KLAX")
    bulletin = parsed("1\n \n" + falling + " \n" + good)
    assert [(f.station, f.climate_day.day) for f in bulletin.forecasts] == [
        ("KPHX", 18),
        ("KLAX", 17),
        ("KLAX", 18),
    ]
    assert [str(fault)[:20] for fault in bulletin.faults] == ["KPHX, line 3: KPHX 2"]


def test_neither_mean_nor_median_is_no_forecast_but_a_fault():
    text = BLOCK.replace("TXNMN  78| 99", "TXNMN  78|-99").replace("TXNP5  78| 99", "TXNP5  78|-99")
    assert "neither a mean nor a median" in only_fault(text).reason


def test_a_row_that_the_end_of_the_text_cuts_off_is_not_read():
    cut = BLOCK[: BLOCK.index("|104")] + "|10"
    assert only_fault(cut).reason == "no whole TXNP9 row"


def test_a_station_without_maxima_says_so():
    guam = "".join(line for line in BLOCK.splitlines(keepends=True) if "TXN" not in line)
    assert str(only_fault(guam)) == "KPHX, line 1: no whole TXNMN row"


def test_a_wanted_station_that_is_not_there_is_a_fault():
    bulletin = parsed(BLOCK, "KPHX", "KNYC")
    assert len(bulletin.forecasts) == 2
    assert [str(fault) for fault in bulletin.faults] == ["KNYC: not in the bulletin"]


def test_a_name_inside_another_is_not_that_station():
    longer = BLOCK.replace(" KPHX   ", " XKPHX  ")
    bulletin = parsed(longer + " \n" + BLOCK, "KPHX")
    assert [f.station for f in bulletin.forecasts] == ["KPHX", "KPHX"]
    assert bulletin.faults == ()


@pytest.mark.parametrize(
    "text", ["", "<html>404 Not Found</html>", b"\x1f\x8b\x08\x00\x00", "1\n \n", b"\x00" * 100]
)
def test_a_text_without_any_station_raises(text):
    with pytest.raises(BulletinError, match="no station block in"):
        parsed(text)
    with pytest.raises(BulletinError, match="no station block in"):
        parsed(text, "KNYC")


def test_the_offsets_of_one_reading_find_the_block_in_a_slice_of_the_next(shared: Path):
    data = (shared / "data/nbm/nbp_v5.0_20260928_t13z.txt").read_bytes()
    found = {block.station: block for block in blocks(data)}
    assert list(found) == ["KLAX", "KMDW", "KMIA", "KSFO"]
    around = data[found["KMIA"].start - 300 : found["KMIA"].end + 300]
    assert parsed(around, "KMIA") == parsed(data, "KMIA")
    (block,) = blocks(around, {"KMIA"})
    header = block_header(around[block.start : block.end].partition(b"\n")[0])
    assert (header.station, header.product, header.version) == ("KMIA", "NBP", "5.0")
    assert header.run_at == datetime(2026, 9, 28, 13, tzinfo=UTC)
