"""Every line of the quick start, with its time: ``python3 -m tests.quickstart [WORD …]``.

With words only the lines that contain one of them are run. Fails when a line breaks.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.quickstart.fresh import Broken
from tests.quickstart.lines import lines


def main(words: list[str]) -> int:
    """Run the lines; how many broke."""
    broken = passed = 0
    for line in lines():
        if words and not any(word in line.typed for word in words):
            continue
        began_s = time.monotonic()
        problem = ""
        with tempfile.TemporaryDirectory(prefix="quickstart-") as folder:
            try:
                line.work(Path(folder))
            except Broken as error:
                problem = str(error)
        broken += bool(problem)
        passed += not problem
        grade = "FAIL" if problem else "PASS"
        print(f"{grade} {time.monotonic() - began_s:6.1f} s  {line.typed}", flush=True)
        if problem:
            print(problem, flush=True)
    print(f"{passed} passed, {broken} failed")
    return 1 if broken or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
