"""The head: one item with the journal's last number, the store's mode, and the lease.

Every write of a holder rests on its token standing here; who comes after has a higher one.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from kalshi_edge.db.codec import from_json, to_json
from kalshi_edge.db.dynamo.items import JOURNAL
from kalshi_edge.db.dynamo.writes import Deed, Write, number, text
from kalshi_edge.domain.records import Lease

SCHEMA_VERSION = 1
HEAD = {"pk": text("state"), "sk": text("head")}
NO_LEASE = Lease("", 0, datetime.min.replace(tzinfo=UTC))


def first_head(mode: str) -> Write:
    """The head of a new store; it does not hold where there is one already."""
    values = {
        "mode": text(mode),
        "schema": number(SCHEMA_VERSION),
        "seq": number(0),
        "token": number(0),
    }
    return Write(JOURNAL, HEAD, values, condition="attribute_not_exists(#pk)")


def next_head(seq: int, token: int | None) -> Write:
    """Moves the journal on to ``seq``, if it is next and ``token`` is the lease's."""
    fenced = "" if token is None else " AND #token = :token"
    given = {} if token is None else {"token": number(token)}
    return Write(
        JOURNAL,
        HEAD,
        {"seq": number(seq)},
        condition=f"#seq = :before AND attribute_not_exists(#unapplied){fenced}",
        given={"before": number(seq - 1), **given},
    )


def fence(token: int | None) -> Iterable[Write]:
    """Holds ``token`` against the lease's; nothing where no lease was ever asked for."""
    if token is not None:
        given = {"token": number(token)}
        yield Write(JOURNAL, HEAD, condition="#token = :token", given=given, deed=Deed.CHECK)


def new_lease(before: Lease, after: Lease) -> Write:
    """Puts ``after`` in the place of ``before``, if that still stands."""
    values = {"lease": text(to_json(after).decode()), "token": number(after.token)}
    if before == NO_LEASE:
        condition = "attribute_not_exists(#lease) AND #token = :was"
        given = {"was": number(before.token)}
    else:
        condition, given = "#lease = :was", {"was": text(to_json(before).decode())}
    return Write(JOURNAL, HEAD, values, condition=condition, given=given)


def lease_of(head: Mapping[str, Any]) -> Lease:
    """The lease as it stands in the head."""
    return from_json(head["lease"]["S"], Lease) if "lease" in head else NO_LEASE
