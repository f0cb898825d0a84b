"""Where blocks stand: however a file is cut, moved or stretched, a block is whole or not there."""

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.weather.sources.layout import Layout, Scan, whole_blocks

PREAMBLE = b"1\n" + b" " * 20 + b"\n"
NAMES = st.lists(
    st.from_regex(r"[A-Z0-9]{4,6}", fullmatch=True), min_size=1, max_size=12, unique=True
)


def block(name: str, rows: int) -> bytes:
    header = f" {name:<8}NBM V5.0 NBP GUIDANCE    9/29/2026  0100 UTC\n".encode()
    return header + b" TXNP5  84  69| 81  67| 81  68\n" * rows


@st.composite
def files(draw: st.DrawFn, names: list[str] | None = None) -> dict[str, bytes]:
    chosen = draw(NAMES) if names is None else names
    return {name: block(name, draw(st.integers(1, 60))) for name in chosen}


def starts_of(file: dict[str, bytes]) -> dict[str, int]:
    starts, at = {}, len(PREAMBLE)
    for name, text in file.items():
        starts[name] = at
        at += len(text)
    return starts


def bytes_of(file: dict[str, bytes]) -> bytes:
    return PREAMBLE + b"".join(file.values())


@given(files(), st.data())
def test_a_piece_of_a_file_gives_exactly_the_blocks_that_lie_whole_in_it(file, data):
    whole = bytes_of(file)
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start + 1, len(whole)))
    found = {
        name: (at, text) for name, at, text in whole_blocks(whole[start:stop], start, len(whole))
    }
    starts = starts_of(file)
    for name, (at, text) in found.items():
        assert (at, text) == (starts[name], file[name])
    for name, text in file.items():
        begins = starts[name] > start or (starts[name] == start == 0)
        next_header = starts[name] + len(text) + len(" NAME    NBM V5.0 NBP GUIDANCE ") + 4
        if begins and (stop == len(whole) >= starts[name] + len(text) or next_header <= stop):
            assert name in found


@given(files(), st.lists(st.integers(1, 5000), max_size=30), st.data())
def test_a_stream_gives_the_same_blocks_however_it_comes(file, lengths, data):
    whole = bytes_of(file)
    wanted = data.draw(st.sets(st.sampled_from(list(file))))
    scan, at = Scan(wanted), 0
    for length in [*lengths, len(whole)]:
        scan.feed(whole[at : at + length])
        at += length
        assert all(scan.found[name] == file[name] for name in scan.found)
    scan.end()
    assert scan.found == {name: file[name] for name in wanted}
    assert scan.starts == starts_of(file)
    assert scan.is_done


@given(files(), st.integers(0, 3000))
def test_a_stream_cut_short_never_passes_off_half_a_block(file, missing):
    whole = bytes_of(file)
    scan = Scan(set(file))
    scan.feed(whole[: max(len(whole) - missing - 1, 0)])
    assert all(scan.found[name] == file[name] for name in scan.found)
    assert len(scan.found) < len(file), "the last block ends only where the file does"


@given(files(), st.integers(-5000, 50_000), st.data())
def test_one_block_seen_corrects_all_of_a_file_that_only_moved(file, moved, data):
    starts = starts_of(file)
    size = len(bytes_of(file))
    layout = Layout(size, starts)
    seen_name, wanted = (data.draw(st.sampled_from(list(file))) for _ in range(2))
    seen = {seen_name: max(starts[seen_name] + moved, 0)}
    shift = seen[seen_name] - starts[seen_name]
    assert layout.guess(wanted, size, seen) == max(starts[wanted] + shift, 0)
    learned = layout.learned(size, seen)
    assert learned.starts[wanted] == max(starts[wanted] + shift, 0)


@given(NAMES, st.integers(2, 9), st.integers(2, 9))
def test_a_file_of_shorter_blocks_is_guessed_to_the_byte(names, before, after):
    old = starts_of({name: block(name, 10 * before) for name in names})
    new_file = {name: block(name, 10 * after) for name in names}
    scale = len(block("AAAA", 10 * after)) / len(block("AAAA", 10 * before))
    layout = Layout(round(1e9), old)
    seen = {names[0]: starts_of(new_file)[names[0]]}
    for name in names:
        guess = layout.guess(name, round(1e9 * scale), seen)
        assert abs(guess - starts_of(new_file)[name]) <= 1


@given(files(), st.data())
def test_what_was_seen_is_remembered_as_it_was_seen(file, data):
    layout = Layout(len(bytes_of(file)), starts_of(file))
    seen = data.draw(st.dictionaries(st.sampled_from(list(file)), st.integers(0, 10**6)))
    size = data.draw(st.integers(1, 10**6))
    learned = layout.learned(size, seen)
    assert learned.size == size
    assert learned.starts.keys() == layout.starts.keys()
    assert all(learned.starts[name] == start for name, start in seen.items())
    assert learned.learned(size, seen) == learned, "nothing more to learn from the same"


@given(files())
def test_a_file_that_is_where_it_was_teaches_nothing(file):
    layout = Layout(len(bytes_of(file)), starts_of(file), frozenset({"KXXX"}))
    assert layout.learned(layout.size, starts_of(file)) == layout
