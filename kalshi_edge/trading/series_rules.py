"""What a series' rules are, as one text, and whether a change of them was announced."""

from dataclasses import replace

from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import derived_id


def was_announced(before: Ladder | None, ladder: Ladder) -> bool:
    """Whether nothing has changed since ``before`` but fees, as the exchange had announced."""
    if before is None:
        return False
    with_new_fees = replace(before, fee_rule=ladder.fee_rule)
    if rules_fingerprint(with_new_fees) != rules_fingerprint(ladder):
        return False
    return any(
        change.rule == ladder.fee_rule and change.effective_at <= ladder.received_at
        for change in before.fee_changes
    )


def rules_fingerprint(ladder: Ladder) -> str:
    """Of what decides a series' markets and of what trading them costs."""
    fee, rules = ladder.fee_rule, {market.terms.fingerprint for market in ladder.markets}
    return derived_id(*sorted(rules), fee.fee_type, fee.multiplier.normalize())
