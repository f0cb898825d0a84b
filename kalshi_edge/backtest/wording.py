"""How a backtest's figures are written, and the sentence that judges them. Never flattering."""

from decimal import Decimal

from kalshi_edge.backtest.claims import EdgeBucket
from kalshi_edge.backtest.estimates import Estimate
from kalshi_edge.backtest.money import ResultRow
from kalshi_edge.backtest.summary import Summary
from kalshi_edge.backtest.verification import ScoreTable

MINUS = "−"
NONE = "–"

MADE_UP = "SYNTHETIC"
"""The mark of whatever comes from a world that is made up."""


def dollars(value: Decimal | float, *, signed: bool = True) -> str:
    """Dollars and cents, with a sign unless told otherwise.

    >>> dollars(Decimal("-1234.5")), dollars(3.0), dollars(Decimal(12), signed=False)
    ('−$1,234.50', '+$3.00', '$12.00')
    """
    amount = round(float(value), 2)
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    return f"{sign}${abs(amount):,.2f}"


def cents(value: float) -> str:
    """Dollars per contract as cents, with a sign.

    >>> cents(-0.0512), cents(0.003), cents(0.0)
    ('−5.1', '+0.3', '0.0')
    """
    return signed(100 * value, 1)


def signed(value: float, digits: int) -> str:
    """A figure with its sign and a true minus; what rounds to nothing has none.

    >>> signed(-0.04, 1), signed(0.0412, 3)
    ('0.0', '+0.041')
    """
    rounded = round(value, digits)
    sign = MINUS if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share in percent; a dash where there is none.

    >>> percent(0.4567), percent(None)
    ('46 %', '–')
    """
    return NONE if share is None else f"{100 * share:.{digits}f} %"


def count(value: float | Decimal) -> str:
    """A count with thousands apart; hundredths only where there are any.

    >>> count(12345), count(Decimal("1.5"))
    ('12,345', '1.50')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def cents_interval(found: Estimate | None) -> str:
    """The bounds of an estimate in cents, or that there are none.

    >>> cents_interval(Estimate(-0.05, -0.08, -0.02, 100.0, 60, 50.0))
    '−8.0 to −2.0'
    """
    if found is None or found.low is None or found.high is None:
        return NONE
    return f"{cents(found.low)} to {cents(found.high)}"


def interval(found: Estimate, digits: int = 3) -> str:
    """The bounds of an estimate, or that there are none."""
    if found.low is None or found.high is None:
        return NONE
    return f"{signed(found.low, digits)} to {signed(found.high, digits)}"


def hours(value: float | None) -> str:
    """An age, in minutes where it is under two hours; a dash where there is none.

    >>> hours(17.0), hours(0.5), hours(None)
    ('17 h', '30 min', '–')
    """
    if value is None:
        return NONE
    return f"{value:.0f} h" if value >= 2 else f"{60 * value:.0f} min"


def bounds(low: float | None, high: float | None) -> str:
    """Bounds in cents: ``5 to 10``, ``≥ 35``, ``< −20``.

    >>> bounds(0.05, 0.10), bounds(0.35, None), bounds(None, -0.20)
    ('5 to 10', '≥ 35', '< −20')
    """
    texts = ["" if one is None else f"{100 * one:.0f}".replace("-", MINUS) for one in (low, high)]
    if low is None:
        return f"< {texts[1]}"
    return f"≥ {texts[0]}" if high is None else f"{texts[0]} to {texts[1]}"


def honest_sentence(summary: Summary) -> str:
    """What the figures allow to be said, in one sentence.

    Whose decisions on what, the money, the forecast, the caveat.
    """
    found = (
        f"{_decisions(summary)}: {_money(summary.total)}; {_forecast(summary)}; {_caveat(summary)}."
    )
    is_made_up = summary.question.is_synthetic
    return f"{MADE_UP}, so no evidence of profit: {found}" if is_made_up else found


def _decisions(summary: Summary) -> str:
    model = f"Model {summary.question.label}"
    if not summary.decisions:
        return model
    every = summary.decisions[0]
    ages = f"forecasts {hours(every.forecast_age_h)} and quotes {hours(every.quotes_age_h)} old"
    if every.quotes_age_h is None:
        ages = f"forecasts {hours(every.forecast_age_h)} old and no quotes"
    return f"{model}, on {ages} (medians{_runs(summary)})"


def _runs(summary: Summary) -> str:
    """Whether there is only one run a day, and of what hour."""
    runs = summary.runs
    if runs is None or runs.a_day > 1:
        return ""
    if len(runs.hours_utc) > 1:
        return "; one model run a day"
    return f"; one model run a day, {runs.hours_utc[0]:02d}Z only"


def _caveat(summary: Summary) -> str:
    often = summary.quotes_per_market or 1
    quotes = "one snapshot a day" if often <= 2 else f"{often:.0f} snapshots a market"
    return f"the depth of every fill is assumed, and quotes are {quotes}"


def _money(total: ResultRow) -> str:
    done, found = total.performance, total.per_contract
    if found is None:
        return "nothing was bought and settled, so no profit or loss is shown"
    verb = "lost" if done.pnl < 0 else "made"
    amount = dollars(abs(done.pnl), signed=False)
    each = f"{cents(found.mean)} ¢ each after fees"
    start = f"{verb} {amount} on {count(done.contracts)} contracts, {each}"
    if found.low is None:
        return f"{start}, on {found.days} days: too few to say anything"
    days = f"on {found.days} days worth {found.effective_days:.0f} independent ones"
    start = f"{start} (95 % interval {cents_interval(found)} ¢, {days})"
    if found.sign > 0:
        return f"{start}: distrust this profit until the leak test explains it{_unseen(total)}"
    if found.sign < 0:
        return f"{start}: a loss that chance does not explain"
    return f"{start}: the interval includes zero, so no edge is shown"


def _unseen(total: ResultRow) -> str:
    """What an interval cannot know that was drawn from positions none of which was lost.

    With none of n lost, up to 3/n may be (rule of three, 95 %).
    """
    if total.lost:
        return ""
    none = f"none of its {count(total.positions)} positions lost its stake"
    return (
        f"; {none}, so the interval knows of no such loss: up to {percent(3 / total.positions)} may"
    )


def _forecast(summary: Summary) -> str:
    """All ladders first, then the tight ones: what is traded is on any of them."""
    whole, tight = summary.scores_of(tight_only=False), summary.scores_of(tight_only=True)
    if whole is None:
        return "the model could not be compared with the market"
    found = whole.per_bin.model_less_market
    where = f"all {count(whole.ladders)} quoted ladders"
    if found.low is None:
        return f"{where} are too few to compare the model with the market"
    judged = {
        1: "the model forecasts worse than the market's own prices",
        -1: "the model forecasts better than the market's own prices",
        0: "the model is not shown to forecast better than the market's own prices",
    }[found.sign]
    return f"{judged} on {where} ({_brier(whole)}){_tight(tight)}"


def _tight(table: ScoreTable | None) -> str:
    if table is None:
        return ", and no ladder was tight"
    where = f"the {count(table.ladders)} tight ones"
    found = table.per_bin.model_less_market
    if found.low is None:
        return f", and {where} are too few to say"
    judged = {1: "worse", -1: "better", 0: "not shown to be better"}[found.sign]
    return f", and {judged} on {where} ({_brier(table)})"


def _brier(table: ScoreTable) -> str:
    found, summed = table.per_bin.model_less_market, table.per_ladder.model_less_market
    difference = f"Brier per bin {signed(found.mean, 4)}, {interval(found, 4)}"
    return f"{difference}; {signed(summed.mean, 3)} summed over a ladder"


def bucket_name(bucket: EdgeBucket) -> str:
    """The bounds of a bucket in cents."""
    return bounds(bucket.low, bucket.high)
