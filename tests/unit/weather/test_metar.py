"""Hourly reports: exact °F where the text has it, honest candidates where not, true windows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from kalshi_edge.data.weather.metar import fahrenheit_candidates, parse_metars
from kalshi_edge.data.weather.stations import STATIONS, by_icao
from kalshi_edge.data.weather.wmo import instant_near
from kalshi_edge.domain.weather import Basis, Observation
from kalshi_edge.errors import BulletinError

# What a whole °C can have been, worked out by hand from °F → tenths of °C → whole °C.
CANDIDATES = {
    0: (32,), 10: (50,), 20: (68,), 30: (86,), 1: (33, 34), 11: (51, 52), 21: (69, 70),
    31: (87, 88), 2: (35, 36), 12: (53, 54), 22: (71, 72), 32: (89, 90), 3: (37, 38),
    13: (55, 56), 23: (73, 74), 33: (91, 92), 4: (39, 40), 14: (57, 58), 24: (75, 76),
    34: (93, 94), 5: (41,), 15: (59,), 25: (77,), 35: (95,), 6: (42, 43), 16: (60, 61),
    26: (78, 79), 38: (100, 101), 7: (44, 45), 17: (62, 63), 27: (80, 81), 40: (104,),
    8: (46, 47), 18: (64, 65), 28: (82, 83), 43: (109, 110), 9: (48, 49), 19: (66, 67),
    29: (84, 85), 45: (113,),
}  # fmt: skip
FOURTH_OF_JULY = date(2026, 7, 4)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def parsed(text: str, received: str) -> tuple[Observation, ...]:
    observations, faults = parse_metars(text, received_at=utc(received))
    assert faults == ()
    return observations


def faults(text: str, received: str) -> list[str]:
    return [str(fault) for fault in parse_metars(text, received_at=utc(received))[1]]


def test_the_candidates_of_a_whole_celsius_are_those_of_the_table():
    assert {c: fahrenheit_candidates(c) for c in CANDIDATES} == CANDIDATES


def test_every_whole_fahrenheit_survives_its_way_through_a_report():
    """ASOS: whole °F, to the nearest tenth of °C, from that to the nearest whole °C."""
    for whole_f in range(-60, 131):
        tenths = round(Fraction(50, 9) * (whole_f - 32))
        celsius = round(Fraction(tenths, 10))
        body = f"{'M' * (tenths < 0)}{abs(celsius):02d}/"
        group = f"T{int(tenths < 0)}{abs(tenths):03d}"
        (exact,) = parsed(f"KNYC 041751Z {body} RMK {group}", "2026-07-04T17:53")
        (rough,) = parsed(f"KNYC 041751Z {body}", "2026-07-04T17:53")
        assert (exact.low_f, exact.high_f) == (whole_f, whole_f)
        assert rough.low_f <= whole_f <= rough.high_f
        assert rough.high_f - rough.low_f == (celsius % 5 != 0)


def test_a_real_report_gives_the_exact_fahrenheit_of_its_minute():
    text = "KMDW 040153Z 15005KT 10SM CLR 29/23 A2993 RMK AO2 SLP121 T02940228 $"
    (spot,) = parsed(text, "2026-09-04T01:56")
    assert spot == Observation(
        station="KMDW",
        basis=Basis.T_GROUP,
        start_at=utc("2026-09-04T01:53"),
        end_at=utc("2026-09-04T01:53"),
        low_f=85,
        high_f=85,
        received_at=utc("2026-09-04T01:56"),
    )


def test_six_hours_and_the_day_are_read_with_their_windows():
    text = "KNYC 050451Z AUTO 10SM CLR 26/20 A2993 RMK AO2 T02610200 10372 20250 403720183"
    spot, day = parse_metars(text, received_at=utc("2026-07-05T04:53"))[0]
    assert (spot.low_f, day.low_f, day.high_f, day.basis) == (79, 99, 99, Basis.DAY_MAX)
    assert (day.start_at, day.end_at) == (utc("2026-07-04T05:00"), utc("2026-07-05T04:51"))
    text = "KNYC 041751Z AUTO 10SM CLR 36/20 A2993 RMK AO2 T03610200 10372 20250"
    _, six = parsed(text, "2026-07-04T17:53")
    assert (six.low_f, six.high_f, six.basis) == (99, 99, Basis.SIX_HOUR_MAX)
    assert (six.start_at, six.end_at) == (utc("2026-07-04T11:51"), utc("2026-07-04T17:51"))


@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.city)
def test_the_days_maximum_belongs_to_the_climate_day_at_every_station(station):
    for last_report in ("2026-07-04T23:51", "2026-07-04T23:56", "2026-07-05T00:03"):
        at = utc(last_report) - timedelta(hours=station.standard_offset_h)
        text = f"{station.icao} {at:%d%H%M}Z 28/20 RMK T02780200 403330222"
        _, day = parse_metars(text, received_at=at + timedelta(minutes=2))[0]
        assert (day.low_f, day.high_f) == (92, 92)
        assert day.start_at == station.day_start(FOURTH_OF_JULY)
        assert day.end_at == min(at, station.day_end(FOURTH_OF_JULY))


@pytest.mark.parametrize(
    ("time", "accepted"),
    [
        ("1751", True),
        ("1800", True),
        ("1805", True),
        ("1740", True),
        ("1739", False),
        ("1806", False),
        ("1651", False),
        ("1953", False),
        ("2353", True),
        ("0551", True),
        ("1153", True),
        ("1453", False),
    ],
)
def test_a_six_hour_maximum_stands_only_near_its_four_hours(time, accepted):
    text = f"KDEN 04{time}Z 28/20 RMK T02780200 10333"
    observations, refused = parse_metars(text, received_at=utc("2026-07-04T23:59"))
    assert (len(observations), len(refused)) == ((2, 0) if accepted else (1, 1))


def test_a_maximum_of_the_day_away_from_local_midnight_is_refused():
    assert faults("KNYC 050551Z 26/20 RMK T02610200 403720183", "2026-07-05T05:53") == [
        "KNYC: a maximum of the day, but not at local standard midnight: "
        "'KNYC 050551Z 26/20 RMK T02610200 403720183'"
    ]
    (fault,) = faults("KXYZ 050451Z 26/20 RMK T02610200 403720183", "2026-07-05T04:53")
    assert fault.startswith("KXYZ: a maximum of the day, but not at a station of ours")


def test_whole_celsius_and_cold_are_read_as_candidates():
    (mild,) = parsed("KMIA 081403Z 16032G45KT 1/2SM OVC034 23/19 A3003", "2026-05-08T14:05")
    assert (mild.low_f, mild.high_f, mild.basis) == (73, 74, Basis.WHOLE_CELSIUS)
    (cold,) = parsed("KMWN 200350Z 31037KT M15/M15 RMK VRY LGT ICG", "2026-01-20T03:55")
    assert (cold.low_f, cold.high_f) == (5, 5)
    (zero,) = parsed("KORD 200350Z 31037KT M00/M05", "2026-01-20T03:55")
    assert (zero.low_f, zero.high_f) == (32, 32)


def test_tenths_of_other_sensors_leave_two_candidates():
    (spot,) = parsed("KTKC 312355Z AUTO 02/00 A2973 RMK AO2 T00180004", "2016-01-01T00:05")
    assert (spot.low_f, spot.high_f) == (35, 36), "1.8 °C is 35.24 °F"


@pytest.mark.parametrize(
    ("group", "received", "expected"),
    [
        ("282351Z", "2026-03-01T00:05", "2026-02-28T23:51"),
        ("292351Z", "2028-03-01T00:05", "2028-02-29T23:51"),
        ("312354Z", "2026-01-01T00:05", "2025-12-31T23:54"),
        ("010005Z", "2026-05-31T23:58", "2026-06-01T00:05"),
        ("150000Z", "2026-05-15T00:02", "2026-05-15T00:00"),
    ],
)
def test_the_month_of_a_report_is_the_one_nearest_its_receipt(group, received, expected):
    (spot,) = parsed(f"KNYC {group} 10/05 A3000", received)
    assert spot.end_at == utc(expected)


def test_a_report_from_the_future_is_refused():
    (fault,) = faults("KNYC 041751Z 26/20 RMK T02610200", "2026-07-04T11:00")
    assert "KNYC: made at 2026-07-04 17:51:00+00:00, after its receipt at 2026-07-04 11:00" in fault


def test_a_day_that_no_month_around_has_is_refused():
    with pytest.raises(BulletinError, match="no such instant: day 32, 00:00 UTC"):
        instant_near(utc("2026-02-10T00:00"), day=32, hour=0, minute=0)
    assert instant_near(utc("2026-02-10T00:00"), day=31, hour=0, minute=0).month == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("KNYC 041751Z 10SM CLR A2993 RMK AO2", "KNYC: no temperature"),
        ("KNYC 041751Z 26/20 RMK T03610200", "KNYC: 26 °C in the body but 36.1 °C in the remarks"),
        ("KNYC 041751Z 36/20 RMK T03610200 10333", "maximum 33.3 °C is below the present 36.1"),
        ("KNYC 041751Z 36/20 RMK 10351", "maximum 35.1 °C is below the present 35.5"),
        ("KNYC 041751Z 36/20 31/20", "36/20 and 31/20 contradict each other"),
        ("KNYC 041751Z RMK T09990200", "211 °F is not within -80 to 140"),
        ("KNYC O41751Z 26/20", "not a report that can be read"),
        ("KNYC 041761Z 26/20", "no such instant: day 4, 17:61 UTC"),
        ("KNYC 041751Z 26/20 RMK\x00T02610200", "not a report that can be read"),
        ("<html>503</html>", "not a report that can be read: '<html>503</html>'"),
    ],
)
def test_what_cannot_be_trusted_is_refused_by_name(text, reason):
    observations, refused = parse_metars(text, received_at=utc("2026-07-04T17:53"))
    assert any(reason in str(fault) for fault in refused)
    assert all(observation.low_f in {96, 97} for observation in observations), "the spots of 36 °C"


def test_a_station_with_nothing_to_say_is_no_fault():
    assert parsed("KNYC 041751Z NIL=", "2026-07-04T17:53") == ()
    assert parsed("", "2026-07-04T17:53") == ()


def test_corrections_specials_and_collectives_are_read_alike():
    one = "KNYC 041751Z 36/20 RMK T03610200"
    for text in (f"METAR {one}=", f"SPECI {one}"):
        assert parsed(text, "2026-07-04T17:53") == parsed(one, "2026-07-04T17:53")
    heading = "\x01\r\r\n776 \r\r\nSAUS70 KWBC 041800\r\r\nMTRNYC\r\r\n"
    both = f"{heading}{one}\r\r\n     $=\r\r\nKLGA 041751Z 37/20=\r\r\n\x03"
    assert [o.station for o in parsed(both, "2026-07-04T17:53")] == ["KNYC", "KLGA"]
    bare = f"{one}\nSPECI KLGA 041751Z 37/20\n"
    assert [o.station for o in parsed(bare, "2026-07-04T17:53")] == ["KNYC", "KLGA"]


@pytest.mark.parametrize(
    ("text", "correction"),
    [
        ("METAR COR KNYC 041751Z 36/20 RMK T03610200", 1),
        ("COR METAR KNYC 041751Z 36/20 RMK T03610200", 1),
        ("KNYC COR 041751Z 36/20 RMK T03610200", 1),
        ("KNYC 041751Z COR AUTO 36/20 RMK T03610200", 1),
        ("KNYC 041751Z AUTO COR 36/20 RMK T03610200", 1),
        ("KNYC 041751Z 36/20 RMK T03610200 COR 1757", 1),
        ("KNYC 041751Z CCB 36/20 RMK T03610200", 2),
        ("SAUS70 KWBC 041800 CCA\nMTRNYC\nMETAR KNYC 041751Z 36/20 RMK T03610200=", 1),
        ("SAUS70 KWBC 041800 CCC\nMETAR\nKNYC 041751Z COR 36/20 RMK T03610200=", 3),
        ("SAUS70 KWBC 041800\nMETAR COR\nKNYC 041751Z 36/20 RMK T03610200=", 1),
        ("SAUS70 KWBC 041800 RRA\nMETAR\nKNYC 041751Z 36/20 RMK T03610200=", 0),
        ("SAUS70 KWBC 041800 CCA\nMTRLGA\nKLGA 041751Z NIL=\n"
         "SAUS70 KWBC 041800\nMTRNYC\nKNYC 041751Z 36/20 RMK T03610200=", 0),
    ],
)  # fmt: skip
def test_a_correction_is_known_wherever_its_mark_stands(text: str, correction: int):
    (spot,) = parsed(text, "2026-07-04T17:58")
    (plain,) = parsed("KNYC 041751Z 36/20 RMK T03610200", "2026-07-04T17:58")
    assert spot == replace(plain, correction=correction)


def test_a_new_years_collective_is_read_station_by_station(shared: Path):
    text = (shared / "data/metar/collective2.txt").read_text("latin-1")
    by_station = {}
    for observation in parsed(text, "2016-01-01T00:05"):
        assert observation.end_at.date() == date(2015, 12, 31)
        by_station.setdefault(observation.station, {})[observation.basis] = observation
    assert len(by_station) == 35
    seattle = by_station["KSEA"]  # 07/03 … T00720028 10072
    assert (seattle[Basis.T_GROUP].low_f, seattle[Basis.SIX_HOUR_MAX].high_f) == (45, 45)
    caribou = by_station["KCAR"]  # M14/M21 … T11391206 11083
    assert (caribou[Basis.T_GROUP].low_f, caribou[Basis.SIX_HOUR_MAX].high_f) == (7, 17)
    assert by_station["KSUS"][Basis.SIX_HOUR_MAX].high_f == 59  # 10150
    assert by_icao("KSEA").climate_day(seattle[Basis.T_GROUP].end_at).day == 31
