"""Whatever changes lead from one real book to another, and whatever frames come."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.kalshi.book import OrderBooks, Resync
from kalshi_edge.data.kalshi.market_wire import parse_book
from kalshi_edge.domain.market import Book
from tests.support.builders import NOW, TICKER

SIDES = ("yes", "no")


@pytest.fixture(scope="session")
def raw_books(shared: Path) -> list[dict[str, list[list[str]]]]:
    """Every twelfth of the recorded books, as the exchange sent them."""
    path = shared / "data" / "kalshi" / "books_2026-07-16_22.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        return [json.loads(line)["raw_orderbook"] for line in lines][::12]


def frame(kind, seq, **message):
    message = {"market_ticker": TICKER, "clock": seq} | message
    return {"type": f"orderbook_{kind}", "sid": 1, "seq": seq, "msg": message}


def snapshot_of(raw, seq):
    return frame("snapshot", seq, **{f"{s}_dollars_fp": raw[f"{s}_dollars"] for s in SIDES})


def counts(raw) -> dict[tuple[str, str], Decimal]:
    return {(s, price): Decimal(n) for s in SIDES for price, n in raw[f"{s}_dollars"]}


def changes(before, after) -> list[tuple[str, str, Decimal]]:
    """Signed changes by side and price; what shrinks comes first, so that no book is crossed."""
    old, new = counts(before), counts(after)
    steps = [(*key, new.get(key, 0) - old.get(key, 0)) for key in old.keys() | new.keys()]
    return sorted((step for step in steps if step[2]), key=lambda step: (step[2] > 0, step))


@given(st.data())
def test_any_changes_from_one_real_book_to_another_end_in_the_other(raw_books, data):
    before, after = data.draw(st.tuples(*[st.sampled_from(raw_books)] * 2))
    shrinking = [c for c in changes(before, after) if c[2] < 0]
    growing = [c for c in changes(before, after) if c[2] > 0]
    steps = data.draw(st.permutations(shrinking)) + data.draw(st.permutations(growing))
    pieces = [piece for step in steps for piece in _in_pieces(*step, data)]

    books = OrderBooks(use_yes_price=False)
    answers = list(books.receive(snapshot_of(before, 1), NOW))
    for seq, (side, price, by) in enumerate(pieces, start=2):
        change = {"side": side, "price_dollars": price, "delta_fp": str(by)}
        answers += books.receive(frame("delta", seq, **change), NOW)

    assert len(answers) == 1 + len(pieces)
    assert answers[-1] == parse_book(TICKER, after, NOW)


def _in_pieces(side, price, by, data) -> list[tuple[str, str, Decimal]]:
    first = (by / data.draw(st.sampled_from([1, 2, 3]))).quantize(Decimal("0.01"))
    return [(side, price, part) for part in (first, by - first) if part]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["0.5000", "-1.00", "yes", "no", TICKER, "orderbook_delta"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
fields = st.sampled_from(
    ["market_ticker", "clock", "yes_dollars_fp", "no_dollars_fp", "price_dollars", "delta_fp",
     "side", "ts_ms", "yes"]
)  # fmt: skip
spoilt = st.dictionaries(fields, anything, max_size=3)
GOOD = {"side": "yes", "price_dollars": "0.4000", "delta_fp": "1.00"}


@given(st.lists(st.tuples(st.sampled_from(["snapshot", "delta"]), st.integers(1, 9), spoilt)))
def test_no_frame_raises_and_every_book_that_comes_out_is_one(frames):
    books = OrderBooks(use_yes_price=True)
    for kind, seq, message in frames:
        for answer in books.receive(frame(kind, seq, **GOOD | message), NOW):
            assert isinstance(answer, Book | Resync)
