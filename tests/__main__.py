"""How does the whole suite run? Two rooms side by side, since most of a test is waiting.

    python -m tests [pytest's arguments]

Rooms keep their engines to themselves, so they do not meet; each is a pytest of its own, told when
it ends. The long ones begin first, so that both sides end about together, whatever a room grows by.
Types are checked beside them. One room may also be run alone: `python -m pytest tests/core`.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SIDE_BY_SIDE = 2  # both cores are busy then; a third makes waits run out
TYPES = "types"
# The longest first; a room that is not named comes after them.
LONG = ("dbt", "serving", "oppulence", "pipelines", "orchestration", "sandbox", "local")


def main() -> int:
    """Run every room; return 1 if one failed."""
    rooms = sorted(path.name for path in HERE.iterdir() if any(path.glob("**/test_*.py")))
    ordered = [*(room for room in LONG if room in rooms), *(r for r in rooms if r not in LONG)]
    if not sys.argv[1:]:  # the whole suite
        ordered.insert(len(LONG), TYPES)
    codes: dict[str, int] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running = {pool.submit(_run, room): room for room in ordered}
        for ended in as_completed(running):
            done = ended.result()
            codes[running[ended]] = done.returncode
            sys.stdout.write(f"\n── {_told(running[ended])}\n{done.stdout}")
            sys.stdout.flush()
    # A room without a test that `-k` or `-m` names is no failure, unless all are.
    empty = int(pytest.ExitCode.NO_TESTS_COLLECTED)
    ran = {room: code for room, code in codes.items() if code != empty}
    failed = [_told(room) for room, code in sorted(ran.items()) if code]
    told = f"Failed: {', '.join(failed)}" if failed else f"{len(ran)} rooms passed."
    sys.stdout.write(f"\n{told}\n")
    return empty if not ran else int(bool(failed))  # a killed room's code is below 0


def _told(room: str) -> str:
    return room if room == TYPES else f"tests/{room}"


def _run(room: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *sys.argv[1:], str(HERE / room)]
    if room == TYPES:
        command = [sys.executable, "-m", "mypy"]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
