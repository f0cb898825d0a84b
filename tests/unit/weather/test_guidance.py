"""MOS, LAMP, BUFKIT and single runs, read from texts in the layout of true ones."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from kalshi_edge.data.weather.guidance.bufkit import HRRR, parse_bufkit
from kalshi_edge.data.weather.guidance.hourly import day_maxima
from kalshi_edge.data.weather.guidance.lamp import parse_lav
from kalshi_edge.data.weather.guidance.mos import parse_mav, parse_met
from kalshi_edge.data.weather.guidance.mos_table import (
    GFS_MOS_TABLE,
    LAMP_TABLE,
    parse_mos_table,
)
from kalshi_edge.data.weather.guidance.point import parse_point_run
from kalshi_edge.data.weather.past.readings import parse_readings
from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.domain.weather import Basis
from kalshi_edge.errors import BulletinError

# The rows of true texts: NAM MOS of 2017, GFS MOS of 2020 and 2026, LAMP of 2020 and 2026.
MET = """906
FOUS46 KWNO 121200
METNC1
KFOZ   NAM MOS GUIDANCE    8/12/2017  1200 UTC
DT /AUG  12/AUG  13                /AUG  14                /AUG  15
HR   18 21 00 03 06 09 12 15 18 21 00 03 06 09 12 15 18 21 00 06 12
N/X                    47          68          47          71    47
TMP  75 78 74 58 52 49 50 65 67 64 60 53 50 49 49 58 66 71 68 52 49
CLD  CL CL CL CL FW SC SC SC OV OV OV OV OV OV OV OV SC SC FW SC BK

KFSD   NAM MOS GUIDANCE    8/12/2017  1200 UTC
DT /AUG  12/AUG  13                /AUG  14                /AUG  15
HR   18 21 00 03 06 09 12 15 18 21 00 03 06 09 12 15 18 21 00 06 12
N/X                    64          75          49         103    67
TMP  77 80 77 70 68 67 65 64 70 74 71 60 56 52 50 57 66 72 72 69 67
"""
MAV_BULK = """ KLAX   GFS MOS GUIDANCE    8/21/2026  0600 UTC
 DT /AUG  21                  /AUG  22                /AUG  23
 HR   12 15 18 21 00 03 06 09 12 15 18 21 00 03 06 09 12 15 18 00 06
 X/N              81          68          79          68       81
 TMP  70 74 78 78 76 72 71 70 70 73 79 79 77 72 71 70 70 74 79 76 71
"""
LAV_PHX = """ KPHX   GFS LAMP GUIDANCE   8/21/2026  2230 UTC
 UTC  23 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23
 TMP 108107105103101 99 97 95 93 92 91 90 89 88 87 90 95 99102105107108109109108
 DPT  62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62
"""
LATER = datetime(2026, 12, 1, tzinfo=UTC)


def test_nam_mos_gives_the_maxima_of_daytimes_and_never_a_minimum() -> None:
    found = parse_met(MET, received_at=LATER, stations={"KFOZ", "KFSD"})
    assert found.faults == ()
    assert {(f.station, f.climate_day, f.mean_f) for f in found.forecasts} == {
        ("KFOZ", date(2017, 8, 13), 68.0), ("KFOZ", date(2017, 8, 14), 71.0),
        ("KFSD", date(2017, 8, 13), 75.0), ("KFSD", date(2017, 8, 14), 103.0),
    }  # fmt: skip
    one = found.forecasts[0]
    assert (one.model, one.version, one.sd_f) == ("NAMMOS", "", None)
    assert one.run_at == datetime(2017, 8, 12, 12, tzinfo=UTC)


def test_gfs_mos_is_the_same_indented_and_under_its_other_label() -> None:
    found = parse_mav(MAV_BULK.encode(), received_at=LATER)
    assert [(f.climate_day.day, f.mean_f, f.model) for f in found.forecasts] == [
        (21, 81.0, "GFSMOS"), (22, 79.0, "GFSMOS"), (23, 81.0, "GFSMOS"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("N/X                    47", "N/X                 47   ", "a maximum or minimum at 09"),
        ("HR   18 21 00", "HR   18 21 0 ", "HR row"),
        ("HR   18 21 00 03", "HR   18 21 00 00", "does not go on"),
        ("NAM MOS GUIDANCE", "GFS MOS GUIDANCE", "a block of GFS MOS, not of NAM MOS"),
        ("8/12/2017", "8/32/2017", "KFOZ"),
        ("          68          47", "         168          47", "holds"),
        ("N/X ", "XXX ", "no N/X row"),
        ("2017  1200", "2027  1200", "after its receipt"),
    ],
)
def test_a_bad_block_costs_no_other(before: str, after: str, reason: str) -> None:
    assert before in MET
    found = parse_met(MET.replace(before, after, 1), received_at=LATER)
    assert len(found.faults) == 1
    assert reason in str(found.faults[0])
    assert {f.station for f in found.forecasts} == {"KFSD"}


def test_what_is_no_guidance_is_refused_and_a_station_that_is_not_there_is_named() -> None:
    with pytest.raises(BulletinError, match="no station block in 5 bytes"):
        parse_mav(b"<html", received_at=LATER)
    found = parse_met(MET, received_at=LATER, stations={"KNYC"})
    assert [str(fault) for fault in found.faults] == ["KNYC: not in the bulletin"]


def test_lamp_is_the_highest_of_the_days_hours_and_only_where_the_afternoon_is_covered() -> None:
    found = parse_lav(LAV_PHX, received_at=LATER)
    # 22:30 UTC is 15:30 in Phoenix: today's afternoon has begun, tomorrow's ends at 01 UTC.
    assert found == parse_lav(LAV_PHX.replace(" KPHX", "KPHX"), received_at=LATER)
    assert found.forecasts == ()
    earlier = LAV_PHX.replace("2230 UTC", "1430 UTC").replace(
        "UTC  23 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
        "UTC  15 16 17 18 19 20 21 22 23 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15",
    )
    (one,) = parse_lav(earlier, received_at=LATER).forecasts
    assert (one.climate_day, one.mean_f, one.model) == (date(2026, 8, 21), 108.0, "LAMP")
    assert one.run_at == datetime(2026, 8, 21, 14, 30, tzinfo=UTC)
    missing = earlier.replace("101 99 97 95", "101999 97 95")
    assert parse_lav(missing, received_at=LATER).forecasts == ()


def test_a_station_of_which_we_do_not_know_the_day_is_a_fault() -> None:
    found = parse_lav(LAV_PHX.replace("KPHX", "PHBK"), received_at=LATER)
    assert "no station 'PHBK'" in str(found.faults[0])


def test_a_maximum_needs_all_seven_hours_of_the_afternoon() -> None:
    station = by_icao("KLAX")
    start = station.day_start(date(2026, 7, 1))
    hours = {start + timedelta(hours=hour): 60.0 + hour for hour in range(24)}
    assert day_maxima(station, hours) == {date(2026, 7, 1): 83.0}
    for hour in range(12, 19):
        gap = {at: value for at, value in hours.items() if at != start + timedelta(hours=hour)}
        assert day_maxima(station, gap) == {}


# --- the archive's table ----------------------------------------------------------------------

TABLE = """runtime,ftime,model,tmp,n_x,station
2026-10-05 12:00:00,2026-10-05 18:00:00,GFS,70,,KNYC
2026-10-05 12:00:00,2026-10-06 00:00:00,GFS,66,,KNYC
2026-10-05 12:00:00,2026-10-06 12:00:00,GFS,55,54,KNYC
2026-10-05 12:00:00,2026-10-07 00:00:00,GFS,66,72,KNYC
"""
NYC = by_icao("KNYC")


def test_the_table_of_mos_gives_what_its_text_gives() -> None:
    (one,) = parse_mos_table(TABLE.encode(), GFS_MOS_TABLE, NYC)
    assert (one.climate_day, one.mean_f) == (date(2026, 10, 6), 72.0)
    assert one.received_at - one.run_at == timedelta(hours=5)


def test_lamps_runs_are_at_half_past_and_known_half_an_hour_later() -> None:
    rows = "".join(
        f"2026-10-05 12:00:00,2026-10-05 {hour:02}:00:00,LAV,{50 + hour},,KNYC\n"
        for hour in range(13, 24)
    )
    text = TABLE.splitlines()[0] + "\n" + rows
    (one,) = parse_mos_table(text.encode(), LAMP_TABLE, NYC)
    assert (one.mean_f, one.run_at.minute, one.received_at.hour) == (73.0, 30, 13)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("runtime,", "run,", "no table of GFS"),
        ("GFS,66,72,KNYC", "GFS,66,72,KLGA", "a row of GFS KLGA"),
        ("GFS,66,72", "NAM,66,72", "a row of NAM"),
        ("66,72", "66,72.5", "not a whole degree"),
        ("66,72", "66,720", "720 °F is not within"),
        ("66,72", "66,warm", "no temperature"),
        ("66,72", "66,inf", "no temperature"),
        ("2026-10-07 00", "2026-13-07 00", "no instant"),
    ],
)
def test_a_table_that_is_not_right_is_refused(before: str, after: str, reason: str) -> None:
    with pytest.raises(BulletinError, match=reason):
        parse_mos_table(TABLE.replace(before, after).encode(), GFS_MOS_TABLE, NYC)


def test_what_a_busy_archive_answers_is_no_table() -> None:
    with pytest.raises(BulletinError):
        parse_mos_table(b"Too many requests from your IP address", GFS_MOS_TABLE, NYC)


# --- files of model output --------------------------------------------------------------------


def bufkit(*, station: str = "KDEN", hours: int = 30, begins: str = "261120/1200") -> str:
    start = datetime.strptime(begins, "%y%m%d/%H%M").replace(tzinfo=UTC)
    lines = [
        "SNPARM = PRES;TMPC", "", f"STID = {station} STNM = 724690 TIME = {begins}",
        "SLAT = 39.85 SLON = -104.66 SELV = 1656.0", "STIM = 0", "",
        "PRES TMPC TMWC DWPC THTE DRCT SKNT OMEG", "CFRL HGHT", "830.00 4.00 2.00 0.00 300 1 2 0",
        "0.00 1700.00", "STN YYMMDD/HHMM PMSL PRES SKTC STC1 EVAP P03M",
        "C03M SWEM LCLD MCLD HCLD UWND", "VWND T2MS Q2MS TD2M",
    ]  # fmt: skip
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        lines += [
            f"724690 {at:%y%m%d/%H%M} 1020.40 909.10 10.54 278.70 -9999.00 0.00",
            "0.00 0.00 100.00 0.00 58.00 0.90",
            f"-0.10 {hour / 2:.2f} 4.59 1.13",
        ]
    return "\r\n".join(lines) + "\r\n"


DEN = by_icao("KDEN")
RUN_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def hrrr(text: str):
    return parse_bufkit(text.encode(), station=DEN, model=HRRR, run_at=RUN_AT, received_at=LATER)


def test_a_bufkit_files_hours_come_to_a_maximum_in_fahrenheit() -> None:
    (one,) = hrrr(bufkit())
    # The climate day ends at 07 UTC: its last hour is 06 UTC, 18 hours after the run, 9 °C.
    assert (one.climate_day, one.mean_f, one.model) == (date(2026, 11, 20), 48.2, "HRRR")
    assert hrrr(bufkit(station="DEN")) == hrrr(bufkit())
    assert hrrr(bufkit(hours=10)) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bufkit(station="KAPA"), "KAPA of .* not KDEN"),
        (bufkit(begins="261120/0600"), "KDEN of 2026-11-20 06"),
        (bufkit().replace("T2MS", "T3MS"), "no T2MS"),
        (bufkit().replace("STN YYMMDD", "STN DDMMYY"), "no table"),
        (bufkit()[:-12], "do not make rows"),
        (bufkit().replace("-0.10 5.00", "-0.10 x.00"), "no temperature"),
        (bufkit().replace("-0.10 5.00", "-0.10 99.00"), "210.2 °F is not within"),
        ("<html>", "not a BUFKIT file"),
    ],
)
def test_a_bufkit_file_that_is_not_right_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BulletinError, match=reason):
        hrrr(text)


def test_an_hour_without_a_temperature_is_left_out() -> None:
    text = bufkit().replace("-0.10 4.50", "-0.10 -9999.00")
    assert hrrr(text) == (), "20:00 UTC is in the afternoon"


def single_run(**changes: object) -> bytes:
    times = [RUN_AT + timedelta(hours=hour) for hour in range(30)]
    body = {
        "latitude": 39.75, "longitude": -104.75, "utc_offset_seconds": 0,
        "hourly_units": {"temperature_2m": "°C", "temperature_2m_spread": "°C"},
        "hourly": {
            "time": [f"{at:%Y-%m-%dT%H:%M}" for at in times],
            "temperature_2m": [min(hour, 10) / 1.0 for hour in range(30)],
            "temperature_2m_spread": [hour / 10 for hour in range(30)],
        },
    }  # fmt: skip
    hourly = {**body["hourly"], **changes.pop("hourly", {})}  # type: ignore[dict-item]
    return orjson.dumps({**body, "hourly": hourly, **changes})


def gefs(content: bytes):
    return parse_point_run(content, station=DEN, run_at=RUN_AT, received_at=LATER)


def test_the_ensembles_spread_is_that_of_the_hour_of_the_maximum_and_has_no_32_in_it() -> None:
    (one,) = gefs(single_run())
    assert (one.climate_day, one.mean_f, one.sd_f) == (date(2026, 11, 20), 50.0, 1.8)
    assert one.model == "GEFS"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (single_run(latitude=40.5), "0.65° away"),
        (single_run(utc_offset_seconds=3600), "at UTC.3600"),
        (single_run(hourly_units={"temperature_2m": "°F", "temperature_2m_spread": "°F"}), "in °F"),
        (single_run(hourly={"temperature_2m": [1.0]}), "columns of 30, 1, 30 hours"),
        (single_run(hourly={"temperature_2m_spread": [-1.0] * 30}), "a spread of -1.0"),
        (single_run(hourly={"temperature_2m": [90.0] * 30}), "194.0 °F is not within"),
        (b'{"error":true}', "latitude"),
        (b"", "the answer"),
    ],
)
def test_a_single_run_that_is_not_right_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BulletinError, match=reason):
        gefs(content)


# --- readings ---------------------------------------------------------------------------------


def test_past_metars_are_received_five_minutes_after_they_were_made() -> None:
    text = (
        "station,valid,metar\n"
        "NYC,2026-11-20 17:51,KNYC 201751Z AUTO 30005KT 10SM CLR 10/01 A3012 RMK AO2 SLP200"
        " T01000011 10111 20050\n"
        "NYC,2026-11-20 18:51,KNYC 201851Z AUTO NIL\n"
        "NYC,2026-11-20 19:51,KNYC 201951Z AUTO 30005KT 10SM CLR 10/01 A3012 RMK AO2 T09000011\n"
    )
    table = parse_readings(text.encode(), NYC)
    found = table.facts
    ((at, why),) = table.unread
    assert at == datetime(2026, 11, 20, 19, 51, tzinfo=UTC)
    assert why.startswith("METAR of 2026-11-20 19:51 UTC: KNYC: 10 °C in the body but 90.0 °C")
    assert {(one.basis, one.high_f) for one in found} >= {(Basis.SIX_HOUR_MAX, 52)}
    assert {one.received_at for one in found} == {datetime(2026, 11, 20, 17, 56, tzinfo=UTC)}
    with pytest.raises(BulletinError, match="a row of LGA"):
        parse_readings(text.replace("NYC,", "LGA,").encode(), NYC)
    with pytest.raises(BulletinError, match="no table of reports"):
        parse_readings(b"ERROR", NYC)
