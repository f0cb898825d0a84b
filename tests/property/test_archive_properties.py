"""An archive is a set of rows: how they lie in files, and in which order, leaves no trace."""

import gzip
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.data.history.import_archive import ImportReport, import_archive

DAYS = "city,date,obs_max_f,asof_utc,nbm_tmax_f,gfs_mos_f"
QUOTES = "ticker,strike_type,lo_f,hi_f,snapshot_utc,yes_bid,yes_ask,open_interest,result,obs_max_f"
AVERAGES = "ticker,strike_type,lo_f,hi_f,window_start_utc,window_end_utc,vwap_c,result"
STATIONS = "city,date,lcd_max_f,lcd_min_f,kalshi_expiration_value"

cents = st.sampled_from(["", "0.0", "3", "14.000000000000002", "40.0", "14.4", "99.0", "100.0"])
hours = st.sampled_from(["2026-03-03 23:00:00 UTC", "2026-03-04 05:00:00 UTC", ""])
results = st.sampled_from(["", "yes", "no", "perhaps"])
bins = st.sampled_from([
    "KXHIGHNY-26MAR04-T50,less,,49.0", "KXHIGHNY-26MAR04-B50.5,between,50.0,51.0",
    "KXHIGHNY-26MAR04-T51,greater,52.0,", "KXHIGHNY-26MAR04-T51,tail,,",
    "KXHIGHOSLO-26MAR04-T51,greater,52.0,",
])  # fmt: skip
quote_rows = st.builds(
    "{0},{1},{2},{3},80.0,{4},51.0".format, bins, hours, cents, cents, results
)  # fmt: skip
day_rows = st.builds(
    "NYC,2026-03-0{0},{1},2026-03-0{0} 00:00:00Z,{2},".format,
    st.integers(1, 3), st.sampled_from(["", "51.0", "51.5", "52.00000000000001"]),
    st.sampled_from(["", "50.0", "nan"]),
)  # fmt: skip
average_rows = st.builds(
    "{0},2026-03-03T16:00:00Z,2026-03-04T04:00:00Z,{1},{2}".format, bins, cents, results
)
station_rows = st.builds(
    "NYC,2026-03-0{0},{1},30,{2}".format,
    st.integers(1, 4), st.sampled_from(["", "51.0", "52.0"]), st.sampled_from(["", "51.0"]),
)  # fmt: skip
TABLES = (DAYS, QUOTES, AVERAGES, STATIONS)
archives = st.tuples(
    *(st.lists(rows, max_size=12) for rows in (day_rows, quote_rows, average_rows, station_rows))
)


def imported(files: list[tuple[str, list[str]]]) -> tuple[dict[str, bytes], ImportReport]:
    """What an archive of these files comes to: the history's files, and the report."""
    with TemporaryDirectory() as name:
        source, target = Path(name, "archive"), Path(name, "history")
        source.mkdir()
        for number, (head, rows) in enumerate(files):
            text = "\n".join((head, *rows)).encode()
            (source / f"part{number}.csv.gz").write_bytes(gzip.compress(text))
        report = import_archive(source, target)
        paths = target.rglob("*.jsonl")
        return {str(path.relative_to(target)): path.read_bytes() for path in paths}, report


@settings(max_examples=60)
@given(archives, st.randoms(use_true_random=False), st.lists(st.integers(0, 12), max_size=3))
def test_any_split_into_files_and_any_order_of_rows_imports_alike(
    archive: tuple[list[str], ...], chance: object, cuts: list[int]
) -> None:
    tables = list(zip(TABLES, archive, strict=True))
    whole, report = imported(tables)
    parts: list[tuple[str, list[str]]] = []
    for head, rows in tables:
        shuffled = [*rows]
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        edges = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
        parts += [(head, shuffled[a:b]) for a, b in pairwise(edges)]
    chance.shuffle(parts)  # type: ignore[attr-defined]
    files, again = imported(parts or tables)
    assert files == whole
    assert again.records == report.records
    assert (again.unquoted, again.crossed) == (report.unquoted, report.crossed)
    assert again.untraded == report.untraded
    assert (again.repeated, again.minima) == (report.repeated, report.minima)
    assert sorted(left.reason for left in again.left_out) == sorted(
        left.reason for left in report.left_out
    )
