"""A recording decided again: the same events, hence the same verdicts, restarts included.

What a trader was told after its journal's last line it had forgotten after a restart, and so has
its replay.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise, zip_longest
from pathlib import Path

from kalshi_edge.data.recording.reading import File, files_of
from kalshi_edge.data.recording.recorder import Header, Raw
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.verdicts import Verdict
from kalshi_edge.engine import Engine
from kalshi_edge.errors import HistoryError
from kalshi_edge.runner import Difference, replay


@dataclass(frozen=True, slots=True)
class Decided:
    """What followed from an event, numbered as the journal numbers its lines."""

    seq: int
    received_at: datetime
    verdicts: tuple[Verdict, ...]


def decisions_of(folder: Path, journal: Sequence[JournalEntry] = ()) -> Iterator[Decided]:
    """Every line that a journal written beside the recording in ``folder`` would have.

    ``journal`` is needed only for lines before the recording began. Raises ``HistoryError`` where
    the recording has a gap, or does not reach as far as a restart says the journal did.
    """
    sessions = _sessions(folder)
    engine, seq = _begun(sessions[0][0].header, journal), sessions[0][0].header.after_seq
    for number, files in enumerate(sessions):
        after = sessions[number + 1][0].header if number + 1 < len(sessions) else None
        engine.adopt(files[0].header.setup)
        for decided in _session(files, engine, seq, None if after is None else after.after_seq):
            seq = decided.seq
            yield decided
        if after is not None and seq != after.after_seq:
            raise HistoryError(
                f"{folder}: the journal had come to line {after.after_seq} before"
                f" {files[-1].path.name} ended, the recording only to {seq}"
            )


def differences(folder: Path, journal: Sequence[JournalEntry]) -> Iterator[Difference | None]:
    """Recording and journal side by side, line by line: ``None`` where the verdicts are the same.

    They are compared as far as the journal goes: what was recorded last may not have been decided
    any more.
    """
    last = journal[-1].seq if journal else 0
    decided = [one for one in decisions_of(folder, journal) if one.seq <= last]
    first = decided[0].seq if decided else 1
    lines = [line for line in journal if line.seq >= first]
    for ours, line in zip_longest(decided, lines):
        seq = ours.seq if ours is not None else line.seq if line is not None else 0
        recorded = () if line is None else line.verdicts
        replayed = () if ours is None else ours.verdicts
        yield None if recorded == replayed else Difference(seq, recorded, replayed)


def _sessions(folder: Path) -> list[list[File]]:
    files = files_of(folder)
    for before, file in pairwise(files):
        if file.header.number != before.header.number + 1:
            # A torn file of which nothing was safe has a number too, but nothing was lost with it.
            missing = range(before.header.number + 1, file.header.number)
            if not all(any(folder.glob(f"*/{one:06}.jsonl.gz.torn")) for one in missing):
                raise HistoryError(f"{folder}: nothing between {before.path} and {file.path}")
        if file.header.after_gap:
            raise HistoryError(f"{file.path}: something before it could not be recorded")
    return [list(group) for _, group in groupby(files, lambda file: file.header.session)]


def _begun(header: Header, journal: Iterable[JournalEntry]) -> Engine:
    """The engine as it stood when the recording began."""
    engine = header.setup.fresh_engine()
    before = [line for line in journal if line.seq <= header.after_seq]
    if len(before) != header.after_seq:
        raise HistoryError(
            f"the recording begins after line {header.after_seq} of a journal: name its store"
        )
    for _ in replay(before, engine):
        pass
    return engine


def _session(
    files: Iterable[File], engine: Engine, seq: int, until_seq: int | None
) -> Iterator[Decided]:
    for event in (line for file in files for line in file.lines()):
        if seq == until_seq:
            return
        if isinstance(event, Raw):
            continue
        verdicts = engine.handle(event)
        if verdicts:
            seq += 1
            yield Decided(seq, event.received_at, verdicts)
