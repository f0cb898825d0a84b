"""Climate reports: every specimen as a person reads it, and what must never pass for a final."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.stations import by_report
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import BulletinError

RECEIVED_AT = datetime(2026, 11, 22, tzinfo=UTC)

FINAL, SO_FAR = True, False

# Read by eye: file → (climate day, maximum, minimum, final?, issued UTC, place), for each headline.
SPECIMENS = {
    "CLIABY.txt": [("2014-09-29", 79, 72, FINAL, "2014-09-30 06:32", "ALBANY")],
    "CLIACT.txt": [("2014-12-15", 69, 52, SO_FAR, "2014-12-15 22:25", "WACO")],
    "CLIANC.txt": [
        ("2017-03-14", 23, 12, FINAL, "2017-03-15 12:35", "ANCHORAGE AK"),
        ("2017-03-14", 22, 9, FINAL, "2017-03-15 12:35", "KING SALMON"),
        ("2017-03-14", 31, 22, FINAL, "2017-03-15 12:35", "KODIAK"),
        ("2017-03-14", 10, -3, FINAL, "2017-03-15 12:35", "BETHEL"),
        ("2017-03-14", 29, 21, FINAL, "2017-03-15 12:35", "SAINT PAUL ISLAND"),
        ("2017-03-14", 33, 23, FINAL, "2017-03-15 12:35", "COLD BAY"),
    ],
    "CLIANN.txt": [("2015-03-02", 53, 33, FINAL, "2015-03-03 09:05", "ANNETTE WSO AP")],
    "CLIBGR.txt": [("2014-11-02", 35, 31, FINAL, "2014-11-03 05:27", "BANGOR ME")],
    "CLIBNA.txt": [("2015-10-19", 47, 34, SO_FAR, "2015-10-19 14:22", "NASHVILLE")],
    "CLICKV.txt": [("2014-12-29", 39, 33, FINAL, "2014-12-30 08:14", "CLARKSVILLE")],
    "CLICVG.txt": [("2020-04-22", 69, 35, FINAL, "2020-04-23 05:47", "CINCINNATI OH")],
    "CLICVG_colon.txt": [("2021-02-04", 39, 22, FINAL, "2021-02-05 05:34", "CINCINNATI OH")],
    "CLICVG_newer.txt": [("2020-04-22", 70, 35, FINAL, "2020-04-23 05:50", "CINCINNATI OH")],
    "CLICVG_tab.txt": [("2013-05-09", 81, 57, FINAL, "2013-05-10 05:41", "CINCINNATI OH")],
    "CLIDCA.txt": [("2026-06-28", 76, 72, FINAL, "2026-06-29 06:40", "WASHINGTON NATIONAL DC")],
    "CLIDRT.txt": [("2014-12-29", 42, 37, SO_FAR, "2014-12-29 13:35", "DEL RIO")],
    "CLIDSM.txt": [("2013-08-01", 89, 63, FINAL, "2013-08-02 07:06", "DES MOINES IA")],
    "CLIEAR.txt": [("2014-11-13", 25, 5, SO_FAR, "2014-11-13 23:31", "KEARNEY")],
    "CLIECP.txt": [("2014-12-29", 70, 62, SO_FAR, "2014-12-29 22:35", "PANAMA CITY NW")],
    "CLIEST.txt": [("2014-10-12", 62, 33, FINAL, "2014-10-13 06:47", "ESTHERVILLE IA")],
    "CLIEWN.txt": [("2014-09-28", 83, 62, FINAL, "2014-10-18 13:30", "NEW BERN NC")],
    "CLIFMY.txt": [("2014-12-29", None, 63, SO_FAR, "2014-12-29 12:26", "FORT MYERS")],
    "CLIHOU.txt": [
        ("2014-11-30", 80, 61, FINAL, "2014-12-01 14:55", "HOUSTON INTERCONTINENTAL"),
        ("2014-11-30", 79, 62, FINAL, "2014-12-01 14:55", "HOUSTON/HOBBY AIRPORT"),
    ],
    "CLIJNU.txt": [("2013-06-30", 75, 52, SO_FAR, "2013-07-01 00:42", "JUNEAU")],
    "CLILAX_2026-08-21.txt": [
        ("2026-08-21", 83, 69, FINAL, "2026-08-22 08:50", "LOS ANGELES INTL AIRPORT CA")
    ],
    "CLILWD.txt": [("2017-05-29", 76, 55, FINAL, "2017-05-30 06:49", "LAMONI IA")],
    "CLIMBS.txt": [("2014-12-29", 29, 18, FINAL, "2014-12-30 05:41", "TRI CITIES MI")],
    "CLIMDW_2026-08-21.txt": [("2026-08-21", 80, 62, FINAL, "2026-08-22 06:33", "CHICAGO-MIDWAY")],
    "CLIMSO.txt": [("2014-12-29", None, 12, SO_FAR, "2014-12-29 15:31", "MISSOULA MT")],
    "CLIMUO.txt": [("2021-06-23", 92, 58, FINAL, "2021-06-24 09:34", "MOUNTAIN HOME AFB")],
    "CLIMYV.txt": [("2022-11-12", 60, 41, FINAL, "2022-11-13 09:05", "MARYSVILLE")],
    "CLIOLF.txt": [("2014-12-29", 1, -6, SO_FAR, "2014-12-29 12:31", "WOLF POINT MT")],
    "CLIOME.txt": [("2014-10-23", 33, 19, FINAL, "2014-10-24 09:04", "NOME WSO AP")],
    "CLIPHX_2026-09-03.txt": [("2026-09-03", 103, 86, FINAL, "2026-09-04 08:25", "PHOENIX AZ")],
    # "TODAY" without "VALID AS OF"; its heading is of the 22nd, its text of the 28th
    "CLIPPG.txt": [("2020-12-28", 89, 77, SO_FAR, "2020-12-29 04:00", "PAGO PAGO AIRPORT")],
    "CLIPPG2.txt": [("2021-06-23", 86, 78, SO_FAR, "2021-06-24 04:14", "PAGO PAGO AIRPORT")],
    "CLIPPG4.txt": [("2023-03-30", 86, 77, FINAL, "2023-03-31 11:29", "PAGO PAGO AIRPORT")],
    "CLIRDU.txt": [
        ("2021-03-19", 57, 37, FINAL, "2021-03-20 05:47", "RALEIGH-DURHAM INTL AIRPORT NC")
    ],
    "CLISAD.txt": [("2021-08-06", None, 76, SO_FAR, "2021-08-06 14:27", "SAFFORD AZ AIRPORT")],
    "CLISEW.txt": [("2014-12-29", 44, 34, FINAL, "2014-12-30 08:29", "SEATTLE WA WFO")],
    "aus_final.txt": [("2026-07-08", 99, 74, FINAL, "2026-07-09 06:58", "AUSTIN BERGSTROM")],
    "aus_intermediate.txt": [
        ("2026-07-09", 98, 73, SO_FAR, "2026-07-09 21:47", "AUSTIN BERGSTROM")
    ],
    "den_final.txt": [("2026-07-08", 94, 60, FINAL, "2026-07-09 07:35", "DENVER CO")],
    "den_intermediate.txt": [("2026-07-09", 65, 57, SO_FAR, "2026-07-09 12:31", "DENVER CO")],
    "mia_final.txt": [("2026-07-08", 92, 83, FINAL, "2026-07-09 08:25", "MIAMI")],
    "mia_intermediate.txt": [("2026-07-09", 92, 82, SO_FAR, "2026-07-09 20:21", "MIAMI")],
    "nyc_final.txt": [("2026-07-08", 85, 64, FINAL, "2026-07-09 06:26", "CENTRAL PARK NY")],
    "nyc_intermediate.txt": [("2026-07-09", 82, 71, SO_FAR, "2026-07-09 20:35", "CENTRAL PARK NY")],
    "nyc_record.txt": [("2026-07-02", 100, 82, FINAL, "2026-07-03 06:19", "CENTRAL PARK NY")],
}
RECORDS = {"CLIANN.txt", "nyc_record.txt"}
CORRECTIONS = {"CLIEWN.txt"}

# The layout of 2026, which the tests below damage.
FINAL_TEXT = """
000
CDUS41 KOKX 090626
CLINYC

CLIMATE REPORT
NATIONAL WEATHER SERVICE NEW YORK, NY
226 AM EDT THU JUL 09 2026

...................................

...THE CENTRAL PARK NY CLIMATE SUMMARY FOR JULY 8 2026...

WEATHER ITEM   OBSERVED TIME   RECORD YEAR NORMAL DEPARTURE LAST
...................................................................
TEMPERATURE (F)
 YESTERDAY
  MAXIMUM         85    347 PM 100    1993  85      0       93
  MINIMUM         64    440 AM  56    1894  70     -6       73
  AVERAGE         75                        77     -2       83

PRECIPITATION (IN)
  YESTERDAY        0.00          2.27 2021   0.13  -0.13     0.09

THE CENTRAL PARK NY CLIMATE NORMALS FOR TODAY
 MAXIMUM TEMPERATURE (F)   84       106      1936
"""


def parsed(text: str) -> ClimateReport:
    (report,) = parse_cli(text, received_at=RECEIVED_AT)
    return report


def changed(old: str, new: str) -> str:
    assert old in FINAL_TEXT
    return FINAL_TEXT.replace(old, new, 1)


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_specimen_is_read_as_a_person_reads_it(shared: Path, name: str):
    text = (shared / "data/cli" / name).read_text("latin-1")
    reports = parse_cli(text, received_at=RECEIVED_AT)
    read = [
        (
            report.climate_day.isoformat(),
            report.high_f,
            report.low_f,
            report.is_final,
            report.issued_at and f"{report.issued_at:%Y-%m-%d %H:%M}",
            report.place,
        )
        for report in reports
    ]
    assert read == SPECIMENS[name]
    assert {report.is_record for report in reports} == {name in RECORDS}
    assert {report.is_corrected for report in reports} == {name in CORRECTIONS}
    expected = name[:6] if name.startswith("CLI") else f"CLI{name[:3].upper()}"
    assert {report.report for report in reports} == {expected}


def test_reports_of_our_cities_lead_to_their_stations(shared: Path):
    text = (shared / "data/cli/CLIMDW_2026-08-21.txt").read_text()
    assert by_report(parsed(text).report).city == "CHI"


def test_the_text_above_is_itself_a_final_report():
    assert parsed(FINAL_TEXT) == ClimateReport(
        report="CLINYC",
        climate_day=date(2026, 7, 8),
        high_f=85,
        low_f=64,
        is_final=True,
        is_corrected=False,
        is_record=False,
        issued_at=datetime(2026, 7, 9, 6, 26, tzinfo=UTC),
        received_at=RECEIVED_AT,
        place="CENTRAL PARK NY",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("JULY 8 2026...\n", "JULY 8 2026...\nVALID TODAY AS OF 0400 PM LOCAL TIME.\n"),
        ("JULY 8 2026...\n", "JULY 8 2026...\nVALID AS OF 735 AM LOCAL TIME.\n"),
        (" YESTERDAY\n", " TODAY\n"),
        ("JULY 8 2026", "JULY 9 2026"),  # issued on the day it speaks of
    ],
)
def test_any_sign_that_the_day_was_not_over_makes_it_a_floor(old, new):
    report = parsed(changed(old, new))
    assert report.high_f == 85
    assert not report.is_final


@pytest.mark.parametrize(
    ("issued", "is_final"),
    [("1230 AM EDT", False), ("1259 AM EDT", False), ("100 AM EDT", True), ("1230 AM EST", True)],
)
def test_half_past_midnight_by_a_summer_clock_is_too_early_for_a_final(issued, is_final):
    assert parsed(changed("226 AM EDT", issued)).is_final is is_final


@pytest.mark.parametrize("missing", ["MM", "M "])
def test_a_missing_maximum_is_none_and_never_the_record_or_the_time(missing):
    report = parsed(changed("MAXIMUM         85    347", f"MAXIMUM         {missing}    347"))
    assert (report.high_f, report.is_final) == (None, True)
    with pytest.raises(BulletinError, match=r"no figure where one belongs: 'MAXIMUM +347 PM"):
        parsed(changed("MAXIMUM         85    347 PM", "MAXIMUM               347 PM"))
    with pytest.raises(BulletinError, match="no figure where one belongs"):
        parsed(changed("MAXIMUM         85    347 PM 100", "MAXIMUM                      100"))


def test_zero_and_below_are_temperatures():
    cold = changed("MAXIMUM         85", "MAXIMUM          0").replace("    64", "   -12")
    assert (parsed(cold).high_f, parsed(cold).low_f) == (0, -12)


def test_tabs_carriage_returns_and_small_letters_change_nothing():
    plain = parsed(FINAL_TEXT)
    assert parsed(FINAL_TEXT.replace("\n", "\r\r\n")) == plain
    assert parsed(changed("MAXIMUM         85    ", "MAXIMUM\t85\t")) == plain
    assert parsed(FINAL_TEXT.title().replace("Cdus41 Kokx", "CDUS41 KOKX")) == plain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("090626", "090626 CCA"),
        ("CLIMATE REPORT\n", "CLIMATE REPORT...CORRECTED\n"),
        ("JULY 8 2026...", "JULY 8 2026 CORRECTION..."),
    ],
)
def test_a_correction_is_marked(old, new):
    assert parsed(changed(old, new)).is_corrected
    assert not parsed(changed("090626", "090626 RRA")).is_corrected, "late is not corrected"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("CLINYC\n", "CLMNYC\n", "CLMNYC: the report of a month"),
        ("CLINYC\n", "CLSNYC\n", "CLSNYC: the report of a season"),
        ("CLINYC\n", "CLANYC\n", "CLANYC: the report of a year"),
        ("CLINYC\n", "CF6NYC\n", "CF6NYC: the report of a month"),
        ("CLINYC\n", "AFDOKX\n", "AFDOKX: not a climate report"),
        ("CDUS41 KOKX 090626\n", "", "0 headings"),
        ("JULY 8 2026", "THE MONTH OF JULY 2026", "CLINYC, line 12: not one day: 'THE MONTH"),
        ("JULY 8 2026", "JULY 32 2026", "day is out of range for month"),
        ("JULY 8 2026", "XULY 8 2026", "not one day: 'XULY 8 2026'"),
        ("JULY 8 2026", "JULY 10 2026", "issued on 2026-07-09 for 2026-07-10, which had not begun"),
        ("CLIMATE SUMMARY FOR", "CLIMATE DIGEST FOR", "no headline of a climate summary"),
        ("TEMPERATURE (F)\n", "TEMPERATURE (C)\n", "no TEMPERATURE block"),
        (" YESTERDAY\n", " LAST WEEK\n", "neither TODAY nor YESTERDAY but of 'LAST WEEK'"),
        ("  MINIMUM ", "  MAXIMUM ", "not one MAXIMUM and one MINIMUM row"),
        ("  MAXIMUM         85", "  MAX             85", "no MAXIMUM row in a final report"),
        ("MAXIMUM         85", "MAXIMUM        185", "185 °F is not within -80 to 140"),
        ("MAXIMUM         85", "MAXIMUM         55", "minimum 64 above maximum 55"),
        ("MAXIMUM         85", "MAXIMUM         8?", "no figure where one belongs: 'MAXIMUM"),
        ("MAXIMUM         85", "MAXIMUM        8 5", "no figure where one belongs: 'MAXIMUM"),
    ],
)
def test_an_unknown_layout_is_refused_by_name(old, new, reason):
    with pytest.raises(BulletinError) as raised:
        parse_cli(changed(old, new), received_at=RECEIVED_AT)
    assert reason in str(raised.value)


def test_two_products_in_one_text_are_refused():
    with pytest.raises(BulletinError, match="2 headings in a text that should be one product"):
        parse_cli(FINAL_TEXT + FINAL_TEXT, received_at=RECEIVED_AT)


def test_the_month_of_issue_comes_from_the_text_not_from_the_clock():
    new_year = FINAL_TEXT.replace("JUL 09 2026", "JAN 01 2026").replace("JULY 8", "DECEMBER 31")
    new_year = new_year.replace("31 2026", "31 2025").replace("090626", "010731")
    assert parsed(new_year).climate_day == date(2025, 12, 31)
    assert parsed(new_year).issued_at == datetime(2026, 1, 1, 7, 31, tzinfo=UTC)
