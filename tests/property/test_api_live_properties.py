"""However often a client is cut off, it ends in the state of one that never left."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.api.hub import KEPT_MESSAGES, LONGEST_QUEUE, Client, Hub
from kalshi_edge.api.live_topics import LAST_ACTIVITY, LAST_EQUITY, Changes

WHOLE = ("health", "balance", "risk")
KEPT = {"activity": LAST_ACTIVITY, "equity": LAST_EQUITY}

texts = st.integers(0, 9).map(str)
changes = st.builds(
    Changes,
    whole=st.dictionaries(st.sampled_from(WHOLE), texts),
    prices=st.dictionaries(st.sampled_from(("A", "B", "C")), texts, max_size=3),
    activity=st.lists(texts, max_size=60),
    equity=st.lists(texts, max_size=300),
)
steps = st.lists(st.tuples(changes, st.sampled_from(("stay", "read", "cut", "away"))), max_size=30)


def new_hub() -> Hub:
    return Hub(lambda: datetime(2026, 11, 22, tzinfo=UTC))


class Listener:
    """A client as the document describes it: folds what it is told, knows of every gap."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.stream, self.n = "", -1
        self.state: dict[str, Any] = {}
        self.client: Client | None = None

    def come(self) -> None:
        if self.client is None:
            self.client = self.hub.join(self.stream, self.n)

    def go(self) -> None:
        if self.client is not None:
            self.hub.leave(self.client)
            self.client = None

    def read(self) -> None:
        assert self.client is not None
        while (text := self.client.next_nowait()) is not None:
            self.take(json.loads(text))
        if self.client.is_dropped.is_set():
            self.client = None

    def take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "snapshot":
                self.stream, self.n, self.state = message["stream"], message["n"], message["state"]
            case "resumed":
                assert (message["stream"], message["n"]) == (self.stream, self.n)
            case "update":
                assert message["n"] == self.n + 1  # a gap that nobody told of
                self.n, self.state = message["n"], folded(self.state, message["changes"])
            case "heartbeat":
                assert message["n"] <= self.n


def folded(state: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    after = {**state, **{k: v for k, v in changes.items() if k in WHOLE}}
    after["prices"] = {**state["prices"], **changes.get("prices", {})}
    for name, most in KEPT.items():
        after[name] = (state[name] + changes.get(name, []))[-most:]
    return after


@given(steps)
def test_a_client_cut_off_ends_in_the_state_of_one_that_never_left(
    steps: list[tuple[Changes, str]],
) -> None:
    hub = new_hub()
    steady, cut = Listener(hub), Listener(hub)
    steady.come()
    steady.read()
    for change, what in steps:
        if what != "away":
            cut.come()
        hub.tell(change)
        steady.read()
        if what == "read":
            cut.come()
            cut.read()
        elif what == "cut":
            cut.go()
    cut.come()
    cut.read()
    cut.come()
    cut.read()
    assert (cut.n, cut.state) == (steady.n, steady.state)
    assert json.loads(hub.snapshot())["state"] == steady.state


def test_after_more_than_is_kept_everything_is_sent_again() -> None:
    hub = new_hub()
    away = Listener(hub)
    away.come()
    away.read()
    away.go()
    for n in range(KEPT_MESSAGES + 5):
        hub.tell(Changes(whole={"balance": str(n)}))
    away.come()
    assert away.client is not None
    first = away.client.next_nowait()
    assert first is not None
    assert json.loads(first)["type"] == "snapshot"


def test_a_queue_that_is_full_drops_its_client_and_keeps_the_others() -> None:
    hub = new_hub()
    slow, quick = Listener(hub), Listener(hub)
    slow.come()
    quick.come()
    for n in range(LONGEST_QUEUE + 1):
        hub.tell(Changes(whole={"balance": str(n)}))
        quick.read()
    assert (hub.clients, hub.dropped) == (1, 1)
    slow.read()
    slow.come()
    slow.read()
    assert slow.state == quick.state
