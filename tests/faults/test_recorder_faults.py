"""The recorder and the disk: files torn at any byte, processes killed, disks that take no more."""

import gzip
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.data.recording.reading import events_of, files_of
from kalshi_edge.data.recording.recorder import Raw, Recorder
from kalshi_edge.data.recording.replaying import decisions_of
from kalshi_edge.data.recording.segment import Segment, lines_of, safe_text, salvage
from kalshi_edge.domain.events import CycleDue, Event, Halt, Resume
from kalshi_edge.errors import HistoryError, SettingError
from tests.support.builders import NOW, book
from tests.support.trader_harness import SETUP

LINES = [sha256(bytes([number])).hexdigest().encode() for number in range(60)]


def recorder(folder: Path, **options: object) -> Recorder:
    return Recorder(folder, SETUP, NOW, **options)  # type: ignore[arg-type]


def cycles(count: int) -> list[CycleDue]:
    return [CycleDue(NOW + timedelta(minutes=number)) for number in range(count)]


# --- torn files -----------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(0, 400), st.binary(max_size=40))
def test_whatever_is_behind_the_last_sync_costs_nothing_before_it(
    synced: int, cut: int, rubbish: bytes
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "2026-11-22", "000001.jsonl.gz")
        segment = Segment(path)
        for line in LINES[:synced]:
            segment.add(line)
            segment.sync()
        safe = segment.size
        for line in LINES[synced:]:
            segment.add(line)
        segment.sync()
        part = next(path.parent.glob("*.part"))
        found = part.read_bytes()
        part.write_bytes(found[: safe + cut] + rubbish)
        torn = salvage(part)
        lines, _ = lines_of(path)
        assert lines[:synced] == LINES[:synced]
        assert lines == LINES[: len(lines)]  # beyond, what is there is true
        aside = list(path.parent.glob("*.torn"))
        assert bool(aside) == bool(torn)
        assert torn or len(lines) == 60 or cut == 0
        assert not list(path.parent.glob("*.part"))


def test_a_salvage_that_was_itself_interrupted_is_done_again(tmp_path: Path) -> None:
    with closing(recorder(tmp_path)) as first:
        first.told(*cycles(5))
    finished = files_of(tmp_path)[0].path
    text, _ = safe_text(finished.read_bytes())
    # killed after the finished file was in place, before its draft was gone
    part = finished.with_name(finished.name + ".part")
    part.write_bytes(gzip.compress(text))
    with closing(recorder(tmp_path)):
        assert list(events_of(tmp_path)) == cycles(5)
    assert not part.exists()


def test_a_finished_file_that_was_damaged_is_refused_by_name(tmp_path: Path) -> None:
    with closing(recorder(tmp_path)) as first:
        first.told(*cycles(50))
    path = files_of(tmp_path)[0].path
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(HistoryError, match=path.name):
        list(events_of(tmp_path))


# --- killed processes -----------------------------------------------------------------------------

WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.faults.test_recorder_faults import recorder
from kalshi_edge.domain.events import CycleDue
from tests.support.builders import NOW, book
writing = recorder(Path(sys.argv[1]), largest_file=3000)
for number in range(100_000):
    at = NOW + timedelta(minutes=5 * number)
    writing.told(book("KXHIGHNY-26NOV22-B52.5", [("0.40", 5)], [("0.44", number + 1)], at))
    writing.told(CycleDue(at))
    print(number, flush=True)
"""


def test_nothing_that_was_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    told = 0
    for life in range(1, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout):
            if number == 20 * life:
                break
        process.send_signal(signal.SIGKILL)
        told += 20 * life + 1 + len(process.stdout.readlines())
        process.stdout.close()
        process.wait()
    with closing(recorder(tmp_path)):
        found = [event for event in events_of(tmp_path) if isinstance(event, CycleDue)]
    assert told <= len(found) <= told + 3  # one more each may have been written, not acknowledged


def test_two_recorders_never_write_into_one_folder(tmp_path: Path) -> None:
    with closing(recorder(tmp_path)), pytest.raises(SettingError, match="RECORD_DIR"):
        recorder(tmp_path)


def test_a_folder_that_cannot_be_written_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="RECORD_DIR"):
        recorder(tmp_path / "file")


# --- full disks -----------------------------------------------------------------------------------


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """A system that lets no file grow beyond ``size`` bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_new_trading_once_and_corrupts_nothing(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    passed: list[Event] = []
    events = iter(cycles(200))
    with no_file_over(writing.size + 300):
        while not writing.problem:
            passed += writing.told(next(events))
    with no_file_over(10):
        passed += [passed for event in events for passed in writing.told(event)]
    halts = [event for event in passed if isinstance(event, Halt)]
    assert len(halts) == 1
    assert "recording stopped" in halts[0].reason
    assert [event for event in passed if not isinstance(event, Halt)] == cycles(200)
    safe = list(events_of(tmp_path))
    assert safe == cycles(200)[: len(safe)]
    assert 0 < len(safe) <= passed.index(halts[0])
    writing.close()


def test_it_goes_on_when_there_is_room_and_says_that_something_is_missing(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    with no_file_over(writing.size + 300):
        while not writing.problem:
            writing.told(*cycles(1))
        # somebody lets it go on: nothing is recorded, so that it stops again
        resumed = writing.told(Resume("I know", NOW + timedelta(hours=1)))
        assert [type(event) for event in resumed] == [Halt, Resume]
    later = CycleDue(NOW + timedelta(hours=2))
    assert writing.told(later) == (later,)
    assert not writing.problem
    writing.close()
    assert list(events_of(tmp_path))[-1] == later
    with pytest.raises(HistoryError, match="could not be recorded"):
        list(decisions_of(tmp_path))


# --- files ----------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(1500, 4000), st.integers(1, 60))
def test_files_are_begun_anew_by_day_and_by_size(largest: int, minutes: int) -> None:
    with TemporaryDirectory() as folder:
        events: list[Event] = [
            event
            for number in range(80)
            for at in [NOW + timedelta(minutes=minutes * number)]
            for event in (
                book("KXHIGHNY-26NOV22-B52.5", [("0.40", 5)], [("0.44", 7)], at),
                CycleDue(at),
            )
        ]
        with closing(recorder(Path(folder), largest_file=largest)) as writing:
            for event in events:
                assert writing.told(event) == (event,)
            writing.keep(Raw("NBP", "KNYC", NOW, events[-1].received_at, "KNYC  NBM V5.0 NBP\n"))
        files = files_of(Path(folder))
        assert [file.header.number for file in files] == list(range(1, len(files) + 1))
        for file in files:
            days = {f"{e.received_at:%F}" for e in file.lines()}
            assert days == {file.path.parent.name}
            assert file.path.stat().st_size < largest + 1500
        assert list(events_of(Path(folder))) == events
        assert any(isinstance(line, Raw) for line in files[-1].lines())
