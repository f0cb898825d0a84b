"""``python -m tests.simulation``: many seeds, or one again, or a week. Fails where one violated."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from tests.simulation.outcome import Outcome
from tests.simulation.planted.table import HEADER, PLANTED_BUGS, REACHED, hunt
from tests.simulation.report import failure, summary
from tests.simulation.scenario import draw, week
from tests.simulation.simulation import play
from tests.support.dynamodb_local import dynamodb_local

MOST_SEEDS_A_BUG = 40
MEMORY = Path("/dev/shm")  # noqa: S108 - only faster; a simulated death loses no page
"""Where a file costs no disk; anywhere else where there is no such folder."""


def played(seed: int, days: int = 0, bug: str = "", engine: str = "") -> Outcome:
    """The outcome of a seed, or of so many days of it, in a folder of its own."""
    planted = PLANTED_BUGS[bug].planted() if bug else nullcontext([0])
    fast = str(MEMORY) if MEMORY.is_dir() else None
    with planted as times, tempfile.TemporaryDirectory(prefix="campaign", dir=fast) as folder:
        scenario = week(seed, days) if days else draw(seed)
        outcome = play(scenario, Path(folder), engine, until_violated=bool(bug))
    outcome.counts[REACHED] += times[0]
    return outcome


def main() -> int:
    """Play what the command line says."""
    args = _arguments()
    if args.bugs:
        return _hunted(args)
    with dynamodb_local() if args.store == "dynamodb" else nullcontext("") as engine:
        play_one = partial(played, days=args.days, bug=args.bug, engine=engine)
        if args.seed is None:
            seeds = range(args.first, args.first + args.seeds)
            return _told(_all(seeds, play_one, args), args)
        outcome = play_one(args.seed)
        print("\n".join(outcome.trace))
        return _told([outcome], args)


def _all(seeds: range, play_one: partial[Outcome], args: argparse.Namespace) -> list[Outcome]:
    done = []
    for outcome in _outcomes(seeds, play_one, args.jobs):
        done.append(outcome)
        if outcome.violations:
            print(failure(outcome, _replay(outcome, args)), flush=True)
        elif len(done) % 10 == 0:
            print(f"{len(done)} of {len(seeds)} seeds", file=sys.stderr, flush=True)
    return done


def _outcomes(seeds: range, play_one: partial[Outcome], jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from map(play_one, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play_one, seeds)


def _told(done: list[Outcome], args: argparse.Namespace) -> int:
    print(summary(done))
    failed = [outcome for outcome in done if outcome.violations]
    for outcome in failed:
        print(f"seed {outcome.seed}: {outcome.violations[0]}\n  {_replay(outcome, args)}")
    return bool(failed)


def _hunted(args: argparse.Namespace) -> int:
    """The table of all planted bugs; fails where one is not seen."""
    print(HEADER, flush=True)
    unseen = []
    for name in PLANTED_BUGS:
        seeds = range(args.first, args.first + min(args.seeds, MOST_SEEDS_A_BUG))
        found = hunt(name, seeds, partial(played, bug=name))
        print(found.row(), flush=True)
        print(f"{name}: {found.violation or 'not seen'}", file=sys.stderr, flush=True)
        unseen += [] if found.is_seen else [name]
    return bool(unseen)


def _replay(outcome: Outcome, args: argparse.Namespace) -> str:
    target = "faults-week" if args.days else "faults"
    bug = f" BUG='{args.bug}'" if args.bug else ""
    store = "" if args.store == "sqlite" else f" STORE={args.store}"
    return f"make {target} SEED={outcome.seed}{store}{bug}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its trace")
    parser.add_argument("--days", type=int, default=0, help="so many days, restarted every hour")
    parser.add_argument("--store", default="sqlite", choices=("sqlite", "dynamodb"))
    parser.add_argument("--bugs", action="store_true", help="the table of all planted bugs")
    parser.add_argument("--bug", default="", choices=("", *PLANTED_BUGS), help="a bug to be seen")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
