"""Whatever happens to a weather text on its way, a parser gives values or a named refusal."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.cli import parse_cli
from kalshi_edge.data.weather.dsm import daily_maximum, parse_dsms
from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation
from kalshi_edge.errors import BulletinError, InputError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BYTES = st.sampled_from([0, 10, 13, 32, 45, 46, 47, 48, 57, 61, 77, 82, 124, 160, 255])

edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "delete", "insert", "truncate", "repeat"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 40),
        BYTES | st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)


def damaged(text: bytes, changes: list[tuple[str, float, int, int]]) -> bytes:
    for kind, where, length, byte in changes:
        at = int(where * len(text))
        before, after = text[:at], text[at:]
        text = {
            "flip": before + bytes([byte]) + after[1:],
            "delete": before + after[length:],
            "insert": before + bytes([byte]) * (length % 4 + 1) + after,
            "truncate": before,
            "repeat": before + after[:length] + after,
        }[kind]
    return text


def nbp(text: bytes) -> tuple:
    found = parse_nbp(text, received_at=NOW)
    return found.forecasts, found.faults


def nbs(text: bytes) -> tuple:
    found = parse_nbs(text, received_at=NOW)
    return found.forecasts, found.faults


def cli(text: bytes) -> tuple:
    return parse_cli(text.decode("latin-1"), received_at=NOW), ()


def metar(text: bytes) -> tuple:
    return parse_metars(text.decode("latin-1"), received_at=NOW)


def dsm(text: bytes) -> tuple:
    summaries, faults = parse_dsms(text.decode("latin-1"), received_at=NOW)
    observations = []
    for summary in summaries:
        try:
            observations.append(daily_maximum(summary))
        except InputError:
            continue
    return [observation for observation in observations if observation is not None], faults


PARSERS = {
    "nbm": (nbp, "nbm/nbp_*.txt"),
    "nbs": (nbs, "nbm/nbs/*"),
    "cli": (cli, "cli/*"),
    "metar": (metar, "metar/*"),
    "dsm": (dsm, "dsm/*"),
}


def assert_sane(value: object) -> None:
    assert isinstance(value, Forecast | ClimateReport | Observation)
    assert value.received_at == NOW
    match value:
        case Forecast():
            figures = [figure for _, figure in value.percentiles]
            assert value.run_at <= NOW
            assert figures == sorted(figures)
        case ClimateReport():
            figures = [figure for figure in (value.low_f, value.high_f) if figure is not None]
            assert figures == sorted(figures)
        case Observation():
            figures = [value.low_f, value.high_f]
            assert value.low_f <= value.high_f <= value.low_f + 1
    assert all(-80 <= figure <= 140 for figure in figures)


@pytest.mark.parametrize("kind", PARSERS)
def test_damage_gives_sane_values_or_a_named_refusal(shared: Path, kind: str):
    parse, pattern = PARSERS[kind]
    specimens = [path.read_bytes() for path in sorted((shared / "data").glob(pattern))]
    assert specimens

    @given(st.sampled_from(specimens), edits)
    def hold(specimen: bytes, changes: list[tuple[str, float, int, int]]) -> None:
        check(parse, damaged(specimen, changes))

    hold()


@pytest.mark.parametrize("kind", PARSERS)
@given(noise=st.binary(max_size=300))
def test_noise_gives_nothing_but_a_named_refusal(kind: str, noise: bytes):
    check(PARSERS[kind][0], noise)


def check(parse: Callable[[bytes], tuple], text: bytes) -> None:
    try:
        values, faults = parse(text)
    except BulletinError as refusal:
        values, faults = (), [refusal]
    for value in values:
        assert_sane(value)
    assert all(fault.reason for fault in faults)
