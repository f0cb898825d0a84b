"""Every alarm says something that went wrong: each kind has incidents that explain it."""

from collections import Counter
from collections.abc import Mapping

from tests.simulation.scenario import OVERNIGHT

LOST = frozenset(
    {
        "dropped reply",
        "dropped request",
        "5xx after acceptance",
        "no answer",
        "slow answers",
        "429 storm",
        "5xx storm",
        "maintenance",
        "trading pause",
        "kill",
        "restart",
        "kill on the order path",
        "two instances",
        "process stopped",
        "machine sleeps",
        "clock jump",
        "disk full",
        "rows nobody can read",
        "null lists",
        "pages out of order",
        OVERNIGHT,
    }
)
"""What keeps an answer from us, or us from asking."""
OWNER = frozenset({"the owner trades", "the owner amends", "the owner cancels"})
MONEY = frozenset({"money paid in or out", "interest"})
FEES = frozenset({"fees waived", "fee change"})
RESULTS = frozenset({"settled otherwise", "scalar settlement", "a report corrected"})
CLOCKS = frozenset({"clock jump", "machine sleeps", "process stopped", OVERNIGHT})

AT_REST = "resumed at rest"
"""A person lifts what waits for one, once all else is well."""

EXPLAINED_BY: Mapping[str, frozenset[str]] = {
    "order_unknown": LOST,
    "adopted_order": OWNER,
    "books_differ": LOST | OWNER | MONEY | FEES | RESULTS,
    # By a person, or by a store that has done nothing yet: it begins with what the account has.
    "taken_over": frozenset({"resume by hand", "halt by hand", AT_REST}) | MONEY,
    "fee_difference": frozenset({"fee change"}),
    "terms_changed": FEES,
    "settlement_differs": RESULTS,
    "report_doubted": RESULTS,
    "no_final_report": CLOCKS,
    "not_settled": CLOCKS | RESULTS | {"maintenance"},
    "unknown_order": LOST | OWNER,
    "order_amended": frozenset({"the owner amends"}),
    "order_reopened": LOST | OWNER,
    "filled_beyond_order": frozenset({"the owner amends"}),
    "sold_beyond_position": OWNER | {"two instances"},
    "part_failed": CLOCKS,
    "evidence_refused": CLOCKS,
}


def unexplained(counts: Counter[str]) -> list[str]:
    """The alarms of a scenario that none of its incidents explains."""
    happened = {name.removeprefix("incident: ") for name in counts if name.startswith("incident: ")}
    raised = {name.removeprefix("alarm: ") for name in counts if name.startswith("alarm: ")}
    return [
        f"the alarm {name} was raised, and nothing that happened explains it"
        for name in sorted(raised)
        if not EXPLAINED_BY.get(name, frozenset()) & happened
    ]
