"""Who may keep a connection open, and until when: with a clock and wires of the test's own."""

from dataclasses import dataclass

from kalshi_edge.api.connections import (
    LONGEST_HEADER,
    REQUEST_WITHIN_S,
    TAKEN_WITHIN_S,
    Capacity,
    Closed,
    Connection,
    Connections,
)


@dataclass(eq=False)
class FakeWire:
    """A transport that remembers what was done to it."""

    unread: int = 0
    is_aborted: bool = False
    is_closed: bool = False

    def abort(self) -> None:
        self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_closed or self.is_aborted

    def get_write_buffer_size(self) -> int:
        return self.unread


class Time:
    """Seconds that pass by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(strangers: int = 4, known: int = 2) -> tuple[Connections, Time]:
    time = Time()
    return Connections(Capacity(strangers, known), time), time


def aborted(one: Connection) -> bool:
    assert isinstance(one.wire, FakeWire)
    return one.wire.is_aborted


def test_a_new_stranger_displaces_the_oldest_of_the_address_that_has_most() -> None:
    all_, _ = opened()
    owner = all_.enter(FakeWire(), "owner")
    flood = [all_.enter(FakeWire(), "flood") for _ in range(10)]
    assert not aborted(owner)
    assert [aborted(one) for one in flood] == [True] * 7 + [False] * 3
    assert all_.strangers == 4
    assert all_.closed[Closed.DISPLACED] == 7


def test_who_is_known_is_displaced_by_nobody() -> None:
    all_, _ = opened()
    owner = all_.enter(FakeWire(), "proxy")
    all_.know(owner)
    flood = [all_.enter(FakeWire(), "proxy") for _ in range(100)]
    assert not aborted(owner)
    assert sum(not aborted(one) for one in flood) == 4
    assert (all_.known, all_.strangers) == (1, 4)


def test_beyond_the_limit_of_known_ones_a_connection_stays_a_stranger() -> None:
    all_, _ = opened(known=2)
    for one in [all_.enter(FakeWire(), "owner") for _ in range(3)]:
        all_.know(one)
    assert (all_.known, all_.strangers) == (2, 1)


def test_one_that_was_displaced_does_not_become_known() -> None:
    all_, _ = opened(strangers=1)
    first = all_.enter(FakeWire(), "a")
    all_.enter(FakeWire(), "b")
    all_.know(first)
    assert (all_.known, all_.strangers) == (0, 1)


def test_a_request_that_does_not_end_in_time_ends_the_connection() -> None:
    all_, time = opened()
    one = all_.enter(FakeWire(), "slow")
    time.now_s = REQUEST_WITHIN_S - 0.1
    all_.sweep()
    assert not aborted(one)
    time.now_s = REQUEST_WITHIN_S
    all_.sweep()
    assert aborted(one)
    assert all_.closed == {Closed.UNFINISHED: 1}
    assert all_.strangers == 0


def test_a_slow_server_cuts_nobody_off_but_a_slow_reader_is() -> None:
    all_, time = opened()
    waiting, reading = all_.enter(FakeWire(), "a"), all_.enter(FakeWire(unread=1), "b")
    for one in (waiting, reading):
        all_.answering(one)
    time.now_s = TAKEN_WITHIN_S
    all_.sweep()
    assert (aborted(waiting), aborted(reading)) == (False, True)
    assert all_.closed == {Closed.UNREAD: 1}


def test_a_connection_that_does_not_close_is_closed() -> None:
    all_, time = opened()
    wire = FakeWire(unread=1, is_closed=True)
    one = all_.enter(wire, "a")
    all_.unhurried(one)
    all_.sweep()
    assert not wire.is_aborted
    time.now_s = TAKEN_WITHIN_S
    all_.sweep()
    assert wire.is_aborted


def test_a_header_without_end_ends_the_connection() -> None:
    all_, _ = opened()
    one = all_.enter(FakeWire(), "a")
    assert not all_.is_too_long(one, LONGEST_HEADER)
    assert all_.is_too_long(one, 1)
    assert aborted(one)
