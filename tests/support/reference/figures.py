"""docs/pictures: the concepts, drawn by the program's own functions."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from io import StringIO
from types import MappingProxyType

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kalshi_edge.backtest.gate_simulation import MONEY_NEEDED, THREE_YEARS, money_values
from kalshi_edge.domain.market import Bin, FeeRule
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from kalshi_edge.trading.edge import Gates, gate_fee
from kalshi_edge.trading.fees import model_fee
from kalshi_edge.units import ONE

STYLE = MappingProxyType(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "kalshi-edge",
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "white",
        "legend.frameon": False,
    }
)
SIZE_IN = (6.4, 3.2)
OURS, THEIRS, GAIN, LOSS, DIM = "#1f6fb2", "#c27c0e", "#2f8f5b", "#c0392b", "#8a94a0"


def drawn(draw: Callable[[Axes], None]) -> str:
    """A figure as SVG, the same bytes for the same figures."""
    with rc_context(dict(STYLE)):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        draw(figure.subplots())
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def bins() -> str:
    """From a distribution to the probabilities of bins, by half-degree edges."""
    normal = Normal(64.2, 2.3)
    ladder = [Bin(None, 60), Bin(61, 62), Bin(63, 64), Bin(65, 66), Bin(67, 68), Bin(69, None)]

    def draw(axes: Axes) -> None:
        at_f = np.linspace(56, 73, 400)
        density = np.diff([normal.cdf(x) for x in [*at_f, at_f[-1] + (at_f[1] - at_f[0])]])
        axes.plot(at_f, density / (at_f[1] - at_f[0]), color=OURS)
        for bin_, probability in zip(ladder, ladder_probabilities(normal, ladder), strict=True):
            low, high = (max(min(edge, 73.0), 56.0) for edge in bin_.edges_f)
            axes.axvline(low, color=DIM, linewidth=0.6, ls=":")
            inside = (at_f >= low) & (at_f <= high)
            axes.fill_between(at_f[inside], (density / (at_f[1] - at_f[0]))[inside], alpha=0.25,
                              color=OURS, linewidth=0)  # fmt: skip
            axes.text((low + high) / 2, 0.215, f"{bin_}\n{probability:.0%}", ha="center", va="top")
        axes.set_ylim(0, 0.22)
        axes.set_xlabel("daily maximum, °F: edges at half degrees, μ = 64.2, σ = 2.3")
        axes.set_yticks([])
        axes.spines.left.set_visible(False)

    return drawn(draw)


def gate() -> str:
    """What an edge has to beat at each price, and what the exchange really charges."""
    gates, rule = Gates(), FeeRule()
    asks = [Decimal(cent) / 100 for cent in range(5, 96)]

    def draw(axes: Axes) -> None:
        needed = [float(gate_fee(ask, rule, gates)) + gates.min_edge for ask in asks]
        charged = [float(model_fee(ask, ONE, rule, is_taker=True)) for ask in asks]
        prices = [float(ask) for ask in asks]
        axes.fill_between(prices, needed, 0.30, color=GAIN, alpha=0.12, linewidth=0)
        axes.plot(prices, needed, color=OURS, label="probability − ask must exceed this")
        axes.plot(
            prices, charged, color=LOSS, label="the exchange's own fee, in every dollar figure"
        )
        axes.text(0.5, 0.2, "considered", ha="center", color=GAIN)
        axes.set_ylim(0, 0.30)
        axes.set_xlabel("ask, dollars per contract")
        axes.set_ylabel("dollars per contract")
        axes.legend(loc="upper right")

    return drawn(draw)


def evidence() -> str:
    """The money E-value of made-up histories, with an edge and without one. SYNTHETIC."""
    generator = np.random.default_rng(1)
    shape = (6, THREE_YEARS)

    def results(edge: float) -> NDArray[np.float64]:
        won = generator.random(shape) < 0.30 + edge
        return np.where(won, 0.70, -0.30) / 0.30

    def draw(axes: Axes) -> None:
        days = np.arange(1, THREE_YEARS + 1)[::6]
        for edge, colour, label in ((0.0, DIM, "no edge"), (0.06, OURS, "an edge of 6 ¢")):
            values = money_values(results(edge))[:, ::6]
            for i, one in enumerate(values):
                axes.plot(days, np.clip(one, 1e-4, 1e7), color=colour, linewidth=0.8,
                          label=label if i == 0 else None)  # fmt: skip
        axes.axhline(MONEY_NEEDED, color=GAIN, ls="--", label="needed in a first batch of 20")
        axes.set_yscale("log")
        axes.set_ylim(1e-4, 1e7)
        axes.set_xlabel("days with a decision at 30 ¢; six histories each, SYNTHETIC")
        axes.set_ylabel("money E-value")
        axes.legend(loc="upper left")

    return drawn(draw)


FIGURES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"bins.svg": bins, "gate.svg": gate, "evidence.svg": evidence}
)
