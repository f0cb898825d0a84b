"""Log lines on their way to a file that does not take them, cannot be opened, or is slow."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kalshi_edge.runtime import log_writer
from kalshi_edge.runtime.log_writer import LogWriter
from tests.support.patience import PATIENCE_S


class Disk:
    """A file whose disk is full until it is made free; takes a few bytes at a time."""

    def __init__(self) -> None:
        self.is_full = True
        self.written = b""
        self.failed = threading.Event()
        self.expected = b""
        self.done = threading.Event()

    def __call__(self) -> "Disk":
        return self

    def write(self, data: bytes, /) -> int:
        if self.is_full:
            self.failed.set()
            raise OSError(28, "No space left on device")
        self.written += data[:7]
        if self.expected in self.written:
            self.done.set()
        return min(len(data), 7)

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(log_writer, "LONGEST_PAUSE_S", 0.01)


def wait(for_: threading.Event) -> None:
    assert for_.wait(PATIENCE_S)


def test_lines_of_a_full_disk_are_written_whole_once_there_is_room() -> None:
    disk, said = Disk(), list[str]()
    disk.expected = b'{"n":2}\n'
    with LogWriter(disk, said.append).running() as log:
        log.write(b'{"n":1}\n')
        wait(disk.failed)
        log.write(b'{"n":2}\n')
        disk.is_full = False
        wait(disk.done)
    assert disk.written == b'{"n":1}\n{"n":2}\n'
    assert log.failures > 0
    assert len(said) == 1
    assert "No space left" in said[0]


def test_lines_beyond_what_may_wait_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MOST_WAITING", 30)
    disk = Disk()
    disk.expected = b'"count":7}\n'
    with LogWriter(disk, len).running() as log:
        log.write(b"first\n")
        wait(disk.failed)
        for _ in range(10):
            log.write(b"ten bytes\n")
        disk.is_full = False
        wait(disk.done)
    assert log.lost == 7
    lines = disk.written.splitlines()
    assert lines[:-1] == [b"first", *[b"ten bytes"] * 3]
    assert json.loads(lines[-1]) == {"event": "log lines lost", "count": 7}


def test_a_reader_that_does_not_read_holds_up_no_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "ENDS_WITHIN_S", 0.01)
    reading, writing = os.pipe()
    try:
        with LogWriter(_pipe(writing), len).running() as log:
            for _ in range(200):
                log.write(b"x" * 65_536)
        assert log.lost > 0
    finally:
        os.close(reading)  # the thread's write ends: nobody reads
        os.close(writing)


def _pipe(descriptor: int) -> Callable[[], log_writer.Sink]:
    return lambda: os.fdopen(os.dup(descriptor), "wb", buffering=0)


def test_a_folder_that_is_not_there_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "unmounted" / "log.jsonl"
    failed = threading.Event()
    with LogWriter(lambda: path.open("ab", buffering=0), lambda _: failed.set()).running() as log:
        log.write(b"line\n")
        wait(failed)
        path.parent.mkdir()
        log.write(b"another\n")
        for _ in range(int(PATIENCE_S * 100)):
            if path.exists() and path.read_bytes().endswith(b"another\n"):
                break
            threading.Event().wait(0.01)
    assert path.read_bytes() == b"line\nanother\n"
