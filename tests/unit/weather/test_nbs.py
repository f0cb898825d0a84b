"""NBS, NBE and NBX bulletins of versions before 3.2 to 5.0, each figure read by eye."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.errors import BulletinError

RECEIVED_AT = datetime(2026, 11, 22, tzinfo=UTC)

# The forms of the bulk files of 2026: KLAX 12Z still has today's maximum, at FHR 12.
KLAX = """\
 KLAX    NBM V5.0 NBS GUIDANCE    7/01/2026  1200 UTC
 DT /JUL   1/JUL   2                /JUL   3
 UTC  18 21 00 03 06 09 12 15 18 21 00
 FHR  06 09 12 15 18 21 24 27 30 33 36
 TXN        69          59          70
 XND         1           1           1
 TMP  68 68 67 65 63 61 60 62 66 68 67
"""
KPHX = """\
 KPHX    NBM V5.0 NBS GUIDANCE    5/10/2026  1700 UTC
 UTC  18 21 00 03 06 09 12
 FHR  01 04 07 10 13 16 19
 TXN       105          76
 XND         2           2
 TMP  98103104101 94 88 79
"""


def days(text: str | bytes, station: str | None = None) -> dict[date, tuple]:
    bulletin = parse_nbs(
        text, received_at=RECEIVED_AT, stations=None if station is None else {station}
    )
    assert bulletin.faults == ()
    return {f.climate_day: (f.mean_f, f.sd_f) for f in bulletin.forecasts}


def only_fault(text: str | bytes) -> BulletinError:
    (fault,) = parse_nbs(text, received_at=RECEIVED_AT).faults
    return fault


def test_the_12z_run_still_holds_todays_maximum():
    assert days(KLAX) == {date(2026, 7, 1): (69, 1), date(2026, 7, 2): (70, 1)}
    (forecast, _) = parse_nbs(KLAX, received_at=RECEIVED_AT).forecasts
    assert (forecast.station, forecast.model, forecast.version) == ("KLAX", "NBS", "5.0")
    assert (forecast.percentiles, forecast.point_f) == ((), 69)


def test_values_of_three_figures_touch_and_are_still_told_apart():
    assert days(KPHX) == {date(2026, 5, 10): (105, 2)}


# (file, station, climate day, maximum °F, standard deviation °F)
SPECIMENS = [
    ("NBS_12Z.txt", "KDSM", date(2021, 4, 7), 72, 2),
    ("NBS_12Z.txt", "KDSM", date(2021, 4, 9), 61, 3),
    ("NBS_15Z.txt", "KDSM", date(2021, 4, 8), 59, 3),
    ("NBS_21Z.txt", "KDSM", date(2021, 4, 7), 71, 2),
    ("NBS_v5.txt", "KDSM", date(2026, 4, 9), 62, 3),
    ("NBSUSA.txt", "KALM", date(2018, 11, 8), 72, None),
    ("NBSUSA_32.txt", "46083", date(2020, 2, 20), 43, None),
    ("NBSUSA_32_station.txt", "XSHR_0", date(2020, 2, 21), 68, None),
    ("NBEUSA.txt", "CLFU1", date(2020, 7, 23), 87, None),
    ("NBEUSA.txt", "CLHC1", date(2020, 7, 29), 93, None),
    ("NBXUSA.txt", "CWCD", date(2020, 7, 30), 86, None),
    ("NBXUSA_int.txt", "K07N", date(2020, 10, 8), 68, 5),
    ("NBXUSA_int.txt", "K07V", date(2020, 10, 10), 73, 1),
]


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen[0])
def test_a_figure_read_by_eye_is_read_alike(shared: Path, specimen):
    name, station, day, mean_f, sd_f = specimen
    text = (shared / "data/nbm/nbs" / name).read_bytes()
    assert days(text, station)[day] == (mean_f, sd_f)


def test_the_climatology_column_of_nbe_is_not_a_forecast(shared: Path):
    found = days((shared / "data/nbm/nbs/NBEUSA.txt").read_bytes(), "CLFU1")
    assert sorted(found) == [date(2020, 7, day) for day in range(23, 30)]


def test_nbx_columns_that_are_still_empty_are_passed_over(shared: Path):
    found = days((shared / "data/nbm/nbs/NBXUSA_int.txt").read_bytes(), "K07R")
    assert found == {
        date(2020, 10, 8): (89, 2),
        date(2020, 10, 9): (89, 2),
        date(2020, 10, 10): (90, 2),
    }


def test_a_bad_header_leaves_no_station_at_all(shared: Path):
    text = (shared / "data/nbm/nbs/NBS_badheader.txt").read_bytes()
    with pytest.raises(BulletinError, match="no station block in 3222 bytes"):
        parse_nbs(text, received_at=RECEIVED_AT)


def test_bad_hours_are_refused_with_station_and_line(shared: Path):
    fault = only_fault((shared / "data/nbm/nbs/NBS_badtime.txt").read_bytes())
    assert (fault.station, fault.line) == ("KDSM", 4)
    assert "FHR row does not rise from hour to hour: 'FHR  -06 09" in fault.reason


def test_empty_blocks_are_named_one_by_one(shared: Path):
    text = (shared / "data/nbm/nbs/NBSUSA_empty.txt").read_bytes()
    faults = parse_nbs(text, received_at=RECEIVED_AT).faults
    assert [str(fault) for fault in faults] == [
        "45022, line 4: no whole TXN row",
        "45023, line 9: no whole TXN row",
    ]


@pytest.mark.parametrize("name", ["NBS_shortline.txt", "NBS_unknown_var.txt"])
def test_damage_to_rows_of_other_elements_costs_nothing(shared: Path, name):
    folder = shared / "data/nbm/nbs"
    assert days((folder / name).read_bytes()) == days((folder / "NBS_v5.txt").read_bytes())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("TXN        69", "TXN     69   ", "away from 00 and 12 UTC: shifted columns"),
        ("TXN        69", "TXN        6x", "TXN holds ' 6x'"),
        ("TXN        69", "TXN       998", "TXN holds '998'"),
        ("XND         1", "XND        99", "XND holds ' 99'"),
        ("XND ", "XXX ", "no whole XND row"),
        ("FHR  06 09", "FHR  09 06", "FHR row does not rise"),
        ("UTC  18", "UTC  17", "UTC row does not say 18 at FHR 6"),
        ("NBS GUIDANCE", "NBP GUIDANCE", "a block of NBP, not of NBE or NBS or NBX"),
    ],
)
def test_damage_is_refused_by_name(old, new, reason):
    assert old in KLAX
    fault = only_fault(KLAX.replace(old, new, 1))
    assert reason in fault.reason
    assert fault.station == "KLAX"


def test_minus_99_is_missing_and_so_is_a_blank():
    assert days(KLAX.replace("TXN        69", "TXN       -99")) == {date(2026, 7, 2): (70, 1)}
    assert days(KLAX.replace("XND         1", "XND          ")) == {
        date(2026, 7, 1): (69, None),
        date(2026, 7, 2): (70, 1),
    }
