"""How does the whole suite run? Four rooms side by side, since a third of a test is waiting.

    python -m tests [pytest's arguments]

Rooms keep their engines to themselves, so they do not meet; each is a pytest of its own, told when
it ends. The long ones begin first, so that all sides end about together, whatever a room grows by;
the longest, which would be alone at the end, is two: every other of its files.
Types are checked beside them. One room may also be run alone: `python -m pytest tests/core`.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SIDE_BY_SIDE = 4  # two leave two cores idle for a fifth of the time, three for an eighth
TYPES = "types"
HALVED = "serving"
# The longest first; a room that is not named comes after them.
LONG = (
    "serving/1", "serving/2", "dbt", "oppulence", "pipelines", "recovery", TYPES,
    "orchestration", "local",
    "assets", "sandbox", "ml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a room: its code, what it said, and what it cost."""

    room: str
    code: int
    said: str
    seconds: float
    processor: float

    def __str__(self) -> str:
        return f"{_told(self.room)}: {self.seconds:.0f} s, {self.processor:.0f} of the processor"


def main() -> int:
    """Run every room; return 1 if one failed."""
    rooms = sorted(path.name for path in HERE.iterdir() if any(path.glob("**/test_*.py")))
    rooms.remove(HALVED)
    rooms += [f"{HALVED}/1", f"{HALVED}/2"]
    if not sys.argv[1:]:  # the whole suite
        rooms.append(TYPES)
    ordered = [*(room for room in LONG if room in rooms), *(r for r in rooms if r not in LONG)]
    ended: list[Ended] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done in as_completed([pool.submit(_run, room) for room in ordered]):
            ended.append(done.result())
            sys.stdout.write(f"\n── {_told(ended[-1].room)}\n{ended[-1].said}")
            sys.stdout.flush()
    sys.stdout.write("\n" + "".join(f"{one}\n" for one in ended))
    # A room without a test that `-k` or `-m` names is no failure, unless all are.
    empty = int(pytest.ExitCode.NO_TESTS_COLLECTED)
    ran = [one for one in ended if one.code != empty]
    failed = sorted(_told(one.room) for one in ran if one.code)  # a killed room's is below 0
    told = f"Failed: {', '.join(failed)}" if failed else f"{len(ran)} rooms passed."
    sys.stdout.write(f"\n{told}\n")
    return empty if not ran else int(bool(failed))


def _told(room: str) -> str:
    return room if room == TYPES else f"tests/{room}"


def _paths(room: str) -> list[str]:
    name, _, half = room.partition("/")
    if not half:
        return [str(HERE / name)]
    files = sorted(str(path) for path in (HERE / name).glob("**/test_*.py"))
    return files[int(half) - 1 :: 2]


def _run(room: str) -> Ended:
    command = [sys.executable, "-m", "pytest", *sys.argv[1:], *_paths(room)]
    if room == TYPES:
        command = [sys.executable, "-m", "mypy"]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)  # with what its own processes used
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    return Ended(room, process.returncode, said, seconds, used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    sys.exit(main())
