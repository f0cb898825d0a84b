"""Blocks found by the order of names: few bytes where names rise, never a wrong block."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.data.weather.sources import layout_search
from kalshi_edge.data.weather.sources.layout import whole_blocks
from kalshi_edge.data.weather.sources.layout_search import MOST_BYTES, PROBE, Search

BLANK = b" " * 74 + b"\n"


def file_of(names: list[str]) -> bytes:
    """A bulletin's blocks of some 3,700 bytes, with different lengths."""
    pieces = [b"1\n", BLANK]
    for number, name in enumerate(names):
        header = f" {name:<8}NBM V5.0 NBP GUIDANCE    9/29/2026  0100 UTC\n".encode()
        pieces += [header, (b" TXNP5" + b"  84" * 16 + b"\n") * (48 + number % 5), BLANK]
    return b"".join(pieces)


def search_of(data: bytes, wanted: list[str]) -> tuple[dict[str, bytes], int]:
    """What the search finds of a file, and the bytes that it read."""
    search, found, moved = Search({}), dict[str, bytes](), 0

    def read(at: int, length: int) -> None:
        nonlocal moved
        piece = data[at : at + length]
        moved += len(piece)
        search.take(piece, at, len(data))
        for name, _, text in whole_blocks(piece, at, len(data)):
            if name in wanted:
                found[name] = text

    read(0, PROBE)
    for at, length in search.steps(wanted, found):
        read(at, length)
    return found, moved


def blocks_of(data: bytes) -> Mapping[str, bytes]:
    return {name: text for name, _, text in whole_blocks(data, 0, len(data))}


def names_of(count: int) -> list[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [f"K{letters[n // 676]}{letters[n // 26 % 26]}{letters[n % 26]}" for n in range(count)]


WANTED = ["KAAA", "KCAB", "KDMM", "KEZZ"]


@pytest.mark.parametrize(
    "order",
    [
        names_of(3_500),
        [f"{number:06d}" for number in range(0, 99_000, 66)] + names_of(3_500),
        names_of(3_500)[1_500:] + names_of(1_500),
    ],
    ids=["rising", "numbers before letters", "two stretches"],
)
def test_a_twentieth_of_the_file_is_enough_where_names_rise(order: list[str]) -> None:
    data = file_of(order)
    found, moved = search_of(data, WANTED)
    assert found == {name: blocks_of(data)[name] for name in WANTED}
    assert moved < 500_000 < len(data) / 20


def test_a_file_without_order_costs_no_more_than_its_limit() -> None:
    names = names_of(3_500)
    order = [names[(number * 1_607) % 3_500] for number in range(3_500)]
    data = file_of(order)
    found, moved = search_of(data, WANTED)
    assert moved < MOST_BYTES + 5 * PROBE
    assert all(blocks_of(data)[name] == text for name, text in found.items())


def test_a_small_file_is_not_searched() -> None:
    data = file_of(names_of(200))
    assert search_of(data, WANTED) == ({"KAAA": blocks_of(data)["KAAA"]}, PROBE)


@settings(max_examples=40, deadline=None)
@given(st.permutations(names_of(60)), st.data())
def test_whatever_the_order_a_block_is_right_or_not_there(names: list[str], data) -> None:
    whole = file_of(names)
    wanted = data.draw(st.lists(st.sampled_from([*names, "KXXX"]), unique=True, max_size=4))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout_search, "WORTH_BYTES", 10_000)
        patched.setattr(layout_search, "PROBES", data.draw(st.integers(2, 12)))
        found, _ = search_of(whole, wanted)
    assert all(blocks_of(whole)[name] == text for name, text in found.items())


@given(st.lists(st.sampled_from(names_of(60)), unique=True, min_size=2, max_size=60).map(sorted))
def test_in_a_file_of_rising_names_each_is_found(names: list[str]) -> None:
    whole = file_of(names)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout_search, "WORTH_BYTES", 1)
        patched.setattr(layout_search, "PROBES", 4)
        found, _ = search_of(whole, names[:3])
    assert found == {name: blocks_of(whole)[name] for name in names[:3]}
