"""The place in a queue that is inferred from books and prints, against the engine that knows it."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.execution.matching import LimitOrder, OrderBook
from kalshi_edge.models.fill_chance import FillChance, Place
from kalshi_edge.models.queue_position import Cancels, QueuePosition, SeenQueue
from kalshi_edge.units import ZERO
from tests.support.builders import NOW

PRICE = Decimal("0.30")
counts = st.integers(1, 40).map(Decimal)
tapes = st.lists(
    st.one_of(
        st.tuples(st.just("join"), counts),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("take"), counts),
    ),
    max_size=25,
)


@dataclass
class Tape:
    """A level on which others come, go and trade, with one order of ours among them."""

    book: OrderBook = field(default_factory=OrderBook)
    number: int = 0
    prints: list[Decimal] = field(default_factory=list)

    def join(self, count: Decimal, owner: str = "they") -> None:
        self.number += 1
        self.book.place(LimitOrder(f"{owner} {self.number}", owner, Side.BUY, PRICE, count))

    def cancel(self, place: int) -> None:
        theirs = [one for one in self.book.orders(Side.BUY) if one.owner == "they"]
        if theirs:
            self.book.cancel(theirs[place % len(theirs)].order_id)

    def take(self, count: Decimal) -> Decimal:
        """Somebody sells; how much of it our order got."""
        self.number += 1
        kind = TimeInForce.IMMEDIATE_OR_CANCEL
        order = LimitOrder(f"taker {self.number}", "taker", Side.SELL, PRICE, count, kind)
        matches = self.book.place(order).matches
        if matches:
            self.prints.append(sum((match.count for match in matches), ZERO))
        return sum((match.count for match in matches if match.maker.owner == "we"), ZERO)

    @property
    def ahead(self) -> Decimal:
        found = ZERO
        for one in self.book.orders(Side.BUY):
            if one.owner == "we":
                break
            found += one.count
        return found

    @property
    def level(self) -> Decimal:
        return sum((o.count for o in self.book.orders(Side.BUY) if o.owner == "they"), ZERO)


@given(counts, tapes, st.booleans(), st.booleans())
def test_who_goes_first_is_never_taken_to_be_nearer_than_it_is(
    first: Decimal, tape: list[tuple[str, object]], book_first: bool, evenly: bool
) -> None:
    """A fill by the inferred queue never comes before the true one, whichever news is first."""
    story = Tape()
    story.join(first)
    story.join(Decimal(10**6), "we")  # so that it is never used up
    cancels = Cancels.EVENLY if evenly else Cancels.BEHIND_FIRST
    queue, at = SeenQueue.posted(first, NOW, cancels), NOW
    got = inferred = ZERO
    for what, amount in tape:
        at += timedelta(seconds=1)
        story.prints.clear()
        if what == "take":
            got += story.take(amount)  # type: ignore[arg-type]
        else:
            getattr(story, what)(amount)
        if book_first:
            queue = queue.book(story.level, at)
        for count in story.prints:
            queue, reached = queue.printed(count, at)
            inferred += reached
        if not book_first:
            queue = queue.book(story.level, at)
        assert queue.now.ahead + queue.now.behind == story.level
        if not evenly:
            assert queue.now.ahead >= story.ahead
            assert inferred <= got
        assert queue.now.ahead >= ZERO


@given(counts, st.lists(counts, max_size=10), st.booleans())
def test_without_cancellations_the_place_is_exact(
    first: Decimal, taken: list[Decimal], book_first: bool
) -> None:
    story = Tape()
    story.join(first)
    story.join(Decimal(10**6), "we")
    queue, at = SeenQueue.posted(first, NOW), NOW
    for count in taken:
        at += timedelta(seconds=1)
        story.prints.clear()
        got = story.take(count)
        if book_first:
            queue = queue.book(story.level, at)
        (printed,) = story.prints
        queue, reached = queue.printed(printed, at)
        assert (queue.now.ahead, reached) == (story.ahead, got)


def test_a_print_from_before_the_order_moves_nothing() -> None:
    queue = SeenQueue.posted(Decimal(30), NOW)
    assert queue.printed(Decimal(50), NOW) == (queue, ZERO)


@given(counts, counts, counts)
def test_a_shrinking_level_moves_an_order_up_only_where_it_must(
    ahead: Decimal, behind: Decimal, level: Decimal
) -> None:
    at = QueuePosition(ahead, behind)
    assert at.shown(level).ahead == min(ahead, level)
    assert at.shown(level).ahead >= at.shown(level, Cancels.EVENLY).ahead


sizes = st.lists(st.floats(0.01, 5_000), min_size=2, max_size=30)
fronts = st.floats(0, 10_000)


@given(
    printed=sizes,
    ahead=fronts,
    more=fronts,
    behind=st.integers(-3, 5),
    further=st.integers(0, 5),
    is_bid=st.booleans(),
)
def test_the_chance_falls_with_what_stands_in_front(
    printed: list[float], ahead: float, more: float, behind: int, further: int, *, is_bid: bool
) -> None:
    learner, at_s = FillChance(), 0.0
    learner.opened("T", "L", at_s)
    for at_s, size in enumerate(printed, start=1):
        learner.printed("T", "L", size, 10.0 * at_s, hits_bids=is_bid)
    at_s = 10.0 * at_s + 5

    def chance(contracts: float, ticks: int) -> float:
        place = Place("T", "L", is_bid, 0.3, contracts, 0.0, float(ticks))
        return learner.chance(learner.features(place, at_s))

    near, far = chance(ahead, behind), chance(ahead + more, behind)
    assert 0 <= far <= near <= 1
    if behind >= 0:
        assert chance(ahead, behind + further) <= chance(ahead, behind)


def test_what_is_learned_comes_near_what_is_true() -> None:
    """Orders at the front of a side with a print a minute are reached in 30 of 100 cases."""
    learner, place = FillChance(), Place("T", "L", True, 0.3, 0.0, 0.0, 0.0)
    learner.opened("T", "L", 0.0)
    for minute in range(1, 1500):
        at_s = 60.0 * minute
        learner.printed("T", "L", 10.0, at_s, hits_bids=True)
        learner.learn(learner.features(place, at_s + 1), was_reached=minute * 7 % 10 < 3)
    seen = learner.chance(learner.features(place, 60.0 * 1500))
    assert abs(seen - 0.3) < 0.05
