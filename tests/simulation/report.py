"""What a campaign prints: what it did, what was hit, and how a failing seed is played again."""

from collections import Counter
from collections.abc import Iterable

from tests.simulation.outcome import Outcome
from tests.simulation.process_life import POINTS

SUMS = (
    "lives",
    "orders sent",
    "orders accepted",
    "fills",
    "settlements",
    "disk full: writes refused",
    "frames out of order",
)


def failure(outcome: Outcome, replay: str, lines: int = 60) -> str:
    """A failing seed: what was violated, the end of its trace and the command that plays it."""
    return "\n".join(
        (
            f"{replay} · {len(outcome.violations)} violations",
            *(f"  {violation}" for violation in outcome.violations),
            f"  trace, last {min(lines, len(outcome.trace))} of {len(outcome.trace)} lines:",
            *(f"    {line}" for line in outcome.trace[-lines:]),
            f"  play it again, whole trace: {replay}",
        )
    )


def summary(outcomes: Iterable[Outcome]) -> str:
    """All seeds together: sums, faults that struck, incidents, and crash points reached."""
    done = list(outcomes)
    counts = sum((outcome.counts for outcome in done), Counter[str]())
    failed = [outcome for outcome in done if outcome.violations]
    hit = {point: counts[f"killed {' '.join(point)}"] for point in POINTS}
    return "\n".join(
        (
            f"SYNTHETIC exchange · {len(done)} seeds",
            *_section("what happened", {name: counts[name] for name in SUMS}),
            *_section("faults that struck", _under("fault: ", counts)),
            *_section("incidents", _under("incident: ", counts)),
            *_section("processes ended by an error", _under("ended by ", counts)),
            *_section("alarms", _under("alarm: ", counts)),
            *_section("switch", _under("switch: ", counts)),
            *_section(
                f"killed at {sum(1 for n in hit.values() if n)} of {len(POINTS)} points"
                " of the order path",
                {" ".join(point): times for point, times in hit.items()},
            ),
            "",
            f"violations: {sum(len(one.violations) for one in failed)}"
            f" in {len(failed)} of {len(done)} seeds",
        )
    )


def _under(prefix: str, counts: Counter[str]) -> dict[str, int]:
    return {
        name.removeprefix(prefix): times
        for name, times in sorted(counts.items())
        if name.startswith(prefix)
    }


def _section(title: str, counts: dict[str, int]) -> list[str]:
    return ["", title, *(f"  {times:>7,}  {name}" for name, times in counts.items())]
