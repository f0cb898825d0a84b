"""What an NBP text may suffer: what is written is read back, and what is cut is never misread."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.nbm.nbp import parse_nbp

RECEIVED_AT = datetime(2027, 1, 1, tzinfo=UTC)
LABELS = ("TXNMN", "TXNSD", "TXNP1", "TXNP2", "TXNP5", "TXNP7", "TXNP9")
FIRST_LEAD_H = {0: 24, 1: 23, 7: 17, 12: 24, 13: 23, 19: 17}

columns = st.tuples(
    st.integers(-80, 140),
    st.integers(0, 40),
    st.lists(st.integers(-80, 140), min_size=5, max_size=5).map(sorted),
)
runs = st.tuples(
    st.dates(datetime(2020, 9, 29).date(), datetime(2026, 12, 31).date()),
    st.sampled_from(sorted(FIRST_LEAD_H)),
).map(lambda run: datetime(run[0].year, run[0].month, run[0].day, run[1], tzinfo=UTC))


def written(run_at: datetime, values: list[tuple], *, bulk: bool, padded: bool) -> str:
    """A block as the model's own writer lays it out, from every column's seven values."""
    leads = [FIRST_LEAD_H[run_at.hour] + 12 * n for n in range(len(values))]
    valid = [run_at + timedelta(hours=lead) for lead in leads]
    rows = {"UTC": [f"{at.hour:02d}" for at in valid], "FHR": [str(lead) for lead in leads]}
    for n, label in enumerate(LABELS):
        rows[label] = [str([mean, sd, *points][n]) for mean, sd, points in values]
    lines = [f"KPHX    NBM V5.0 NBP GUIDANCE   {run_at:%m/%d/%Y}  {run_at:%H%M} UTC"]
    for label, cells in rows.items():
        bars = ["|" if at.hour == 0 and n > 0 else " " for n, at in enumerate(valid)]
        lines.append(
            f"{label:5}" + "".join(b + f"{c:>3}" for b, c in zip(bars, cells, strict=True))
        )
    return "".join(bulk * " " + line + padded * "  " + "\n" for line in lines)


@given(runs, st.lists(columns, min_size=2, max_size=18), st.booleans(), st.booleans())
def test_every_maximum_that_is_written_is_read_on_its_climate_day(run_at, values, bulk, padded):
    text = written(run_at, values, bulk=bulk, padded=padded)
    bulletin = parse_nbp(text, received_at=RECEIVED_AT)
    assert bulletin.faults == ()
    expected = {}
    for n, (mean, sd, points) in enumerate(values):
        valid_at = run_at + timedelta(hours=FIRST_LEAD_H[run_at.hour] + 12 * n)
        if valid_at.hour == 0:
            expected[(valid_at - timedelta(hours=1)).date()] = (mean, sd, points)
    read = {
        f.climate_day: (f.mean_f, f.sd_f, [value for _, value in f.percentiles])
        for f in bulletin.forecasts
    }
    assert read == expected


@pytest.fixture(scope="module")
def midway(shared: Path) -> bytes:
    """The whole block of KMDW, its rows of maxima and the two that follow."""
    data = (shared / "data/nbm/nbp_v5.0_20260928_t13z.txt").read_bytes()
    start = data.index(b" KMDW ")
    return data[start : data.index(b" WSPP5", start)]


def figures(text: bytes) -> set[tuple]:
    """Every single figure of the bulletin: its day, what it is, and its value."""
    found = set()
    for f in parse_nbp(text, received_at=RECEIVED_AT, stations={"KMDW"}).forecasts:
        named = [("mean", f.mean_f), ("sd", f.sd_f), *f.percentiles]
        found |= {(f.climate_day, name, value) for name, value in named if value is not None}
    return found


def test_cut_anywhere_it_says_nothing_that_the_whole_does_not_say(midway: bytes):
    whole = figures(midway)
    assert len(whole) == 9 * 7
    for end in range(midway.index(b"\n"), len(midway)):
        cut = figures(midway[:end])
        is_complete = end >= midway.index(b"\n WSPP1")
        assert cut == (whole if is_complete else set()), end


def test_one_byte_less_or_more_in_a_row_shifts_nothing(midway: bytes):
    """A figure may be lost, but none slips into another's place."""
    whole = figures(midway)
    for at in range(midway.index(b"\n") + 1, len(midway)):
        assert figures(midway[:at] + midway[at + 1 :]) <= whole, at
        for more in (b" ", b"|", b"0", b"\n"):
            assert figures(midway[:at] + more + midway[at:]) <= whole, (at, more)
