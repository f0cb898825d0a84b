"""A start from a snapshot must know what one from the journal alone would."""

from collections import Counter
from dataclasses import fields
from typing import Any

from kalshi_edge.db.codec import from_json
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.runtime.resumption import resumed_engine


async def unlike_the_journal(engine: Engine, store: Any) -> list[str]:
    """In what ``engine`` differs from one that is read from the journal alone."""
    noted, last = await store.noted("setup"), await store.last_seq()
    alone = await resumed_engine(from_json(noted, Setup), store, trusts_snapshot=False)
    ours, theirs = engine.snapshot(last), alone.snapshot(last)
    pairs = [
        *(
            (f"state.{one.name}", one.name, ours.state, theirs.state)
            for one in fields(ours.state)
            # fills are long counted and told again: what they did to marks is compared
            if one.name not in {"fills", "forecasting"}
        ),
        *_each(ours.state.forecasting, theirs.state.forecasting, "state.forecasting"),
        *_each(ours.evidence, theirs.evidence, "evidence"),
        # From when cash counts is the first event's time, or the first line's a little later.
        *((n, n, ours, theirs) for n in ("orders", "deposits_today", "movements", "halts")),
    ]
    return [
        shown
        for shown, name, one, other in pairs
        if _unordered(getattr(one, name)) != _unordered(getattr(other, name))
    ]


def _each(ours: Any, theirs: Any, name: str) -> list[tuple[str, str, Any, Any]]:
    return [(f"{name}.{one.name}", one.name, ours, theirs) for one in fields(ours)]


def _unordered(value: object) -> object:
    return Counter(map(repr, value)) if isinstance(value, tuple) else value
