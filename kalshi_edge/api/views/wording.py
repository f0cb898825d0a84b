"""What the journal says of a wish, in one sentence."""

from kalshi_edge.api.read_model import RecordedCommand
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.records import SeriesTerms, Switch
from kalshi_edge.domain.verdicts import Approved, CancelOrder, Check, Refused
from kalshi_edge.units import plain


def refusal(recorded: RecordedCommand) -> Refused | None:
    """The refusal of the wish, if it was refused."""
    return next(
        (
            verdict
            for verdict in recorded.verdicts
            if isinstance(verdict, Refused) and verdict.subject == recorded.command
        ),
        None,
    )


def outcome_text(recorded: RecordedCommand) -> str:
    """What the journal's line says of the wish."""
    refused = refusal(recorded)
    if refused is not None:
        return f"refused: {'; '.join(_why(check) for check in refused.failures)}"
    parts = [text for verdict in recorded.verdicts if (text := _part(verdict))]
    return "; ".join(parts) or "nothing followed"


def _part(verdict: object) -> str:
    match verdict:
        case Approved(opportunity=None):
            return ", ".join(
                f"{_verb(i.side)} {plain(i.count)} {i.ticker} at ${plain(i.limit_price)}"
                for i in verdict.intents
            )
        case CancelOrder():
            return f"cancel order {verdict.intent_id}"
        case Switch():
            return f"kill switch {verdict.state}: {verdict.reason}"
        case SeriesTerms():
            return f"{verdict.series} accepted as it stands"
        case _:
            return ""


def _verb(side: Side) -> str:
    return "buy" if side is Side.BUY else "sell"


def _why(check: Check) -> str:
    return f"{check.rule} is {check.figure}, must be {check.limit}"
