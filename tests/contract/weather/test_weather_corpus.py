"""Every specimen of a weather text is read, or refused for the reason written down for it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.dsm import parse_dsms
from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.errors import BulletinError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = at("2026-11-22T00:00")

# file → values read, and a piece of each refusal in order
NBP = {
    "nbp_v4.2_20240601_t13z.txt": (36, []),
    "nbp_v5.0_20260928_t13z.txt": (36, []),
    "nbp_v5.0_20260929_t01z.txt": (36, []),
    "nbp_v5.0_IEM_KOKX_20260525_t13z.txt": (9, []),
}
NBS = {
    "NBEUSA.txt": (14, []),
    "NBSUSA.txt": (4, []),
    "NBSUSA_32.txt": (9, []),
    "NBSUSA_32_station.txt": (8, []),
    "NBSUSA_empty.txt": (0, ["no whole TXN row", "no whole TXN row"]),
    "NBS_12Z.txt": (3, []),
    "NBS_15Z.txt": (2, []),
    "NBS_21Z.txt": (2, []),
    "NBS_badheader.txt": (0, ["no station block"]),
    "NBS_badtime.txt": (0, ["FHR row does not rise"]),
    "NBS_shortline.txt": (2, []),
    "NBS_unknown_var.txt": (2, []),
    "NBS_v5.txt": (2, []),
    "NBXUSA.txt": (9, []),
    "NBXUSA_int.txt": (18, []),
}
DSM = {
    "DSM.txt": (23, [], "2015-11-27T06:20"),
    "DSM_allmissing.txt": (2, [], "2015-11-27T06:20"),
}
METAR = {
    "badchars.txt": (2, ["HRYR: not a report that can be read"], "2013-10-03T21:10"),
    "collective.txt": (
        10,
        [
            "PAJN: a maximum of six hours, but not at",
            "RJSK: 15 °C in the body but 5.0 °C in the remarks",
            "KAMW: a maximum of six hours, but not at",
            "KAMW: a maximum of the day, but not at a station of ours",
            "KAMW: a maximum of six hours, but not at",
            "QQQQ: no temperature",
            "not a report that can be read: 'QQQQ O81354Z",
            "not a report that can be read: '1QQQ 081354Z",
        ],
        "2013-05-08T14:10",
    ),
    "collective2.txt": (69, [], "2016-01-01T00:05"),
    "first.txt": (2, [], "2013-05-01T00:31"),
    "kawn.txt": (3, [], "2014-05-02T01:05"),
    "kmwn.txt": (1, [], "2014-05-20T04:00"),
    "nullbyte.txt": (0, ["KNZY: not a report that can be read"], "2014-05-23T14:05"),
    "rtd_bbb.txt": (1, [], "2014-05-09T09:20"),
    "sa.txt": (0, ["'WXL SA", "'WZR SA", "'XEL SA", "'XPS SA"], "2014-05-24T14:05"),
}


def test_every_specimen_has_an_expectation(shared: Path):
    data = shared / "data"
    assert {path.name for path in (data / "nbm").glob("nbp_*")} == set(NBP)
    assert {path.name for path in (data / "nbm/nbs").iterdir()} == set(NBS)
    assert {path.name for path in (data / "dsm").iterdir()} == set(DSM)
    assert {path.name for path in (data / "metar").iterdir()} == set(METAR)


def outcome(parse: Callable[[], tuple]) -> tuple[int, list[str]]:
    try:
        values, faults = parse()
    except BulletinError as fault:
        return 0, [str(fault)]
    return len(values), [str(fault) for fault in faults]


def hold(found: tuple[int, list[str]], count: int, reasons: list[str]) -> None:
    assert found[0] == count
    assert len(found[1]) == len(reasons)
    for fault, reason in zip(found[1], reasons, strict=True):
        assert reason in fault


@pytest.mark.parametrize("name", NBP)
def test_an_nbp_bulletin(shared: Path, name: str):
    data = (shared / "data/nbm" / name).read_bytes()
    bulletin = parse_nbp(data, received_at=NOW)
    hold((len(bulletin.forecasts), [str(f) for f in bulletin.faults]), *NBP[name])


@pytest.mark.parametrize("name", NBS)
def test_an_nbs_nbe_or_nbx_bulletin(shared: Path, name: str):
    data = (shared / "data/nbm/nbs" / name).read_bytes()

    def parse() -> tuple:
        bulletin = parse_nbs(data, received_at=NOW)
        return bulletin.forecasts, bulletin.faults

    hold(outcome(parse), *NBS[name])


@pytest.mark.parametrize("name", DSM)
def test_a_daily_summary(shared: Path, name: str):
    text = (shared / "data/dsm" / name).read_bytes().decode("latin-1")
    count, reasons, received = DSM[name]
    hold(outcome(lambda: parse_dsms(text, received_at=at(received))), count, reasons)


@pytest.mark.parametrize("name", METAR)
def test_an_hourly_report(shared: Path, name: str):
    text = (shared / "data/metar" / name).read_bytes().decode("latin-1")
    count, reasons, received = METAR[name]
    hold(outcome(lambda: parse_metars(text, received_at=at(received))), count, reasons)


def test_each_climate_report_is_read_and_none_is_taken_for_another_product(shared: Path):
    """The figures of each, read by eye, stand in ``tests/unit/cli/test_cli_report.py``."""
    paths = sorted((shared / "data/cli").iterdir())
    reports = [
        report
        for path in paths
        for report in parse_cli(path.read_bytes().decode("latin-1"), received_at=NOW)
    ]
    assert (len(paths), len(reports)) == (46, 52)
    assert sum(not report.is_final for report in reports) == 16
    for other in ("nbm/nbp_v5.0_20260928_t13z.txt", "dsm/DSM.txt", "metar/kawn.txt"):
        with pytest.raises(BulletinError, match=r"headings in a text|not a climate report"):
            parse_cli((shared / "data" / other).read_text("latin-1"), received_at=NOW)
