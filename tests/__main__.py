"""How does the whole suite run? In two processes side by side, since most of a test is waiting.

    python -m tests [pytest's arguments]

Rooms keep their engines to themselves, so they do not meet. The first half is shown as it runs, the
second when both are done; one room may also be run alone: `python -m pytest tests/core`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
# About half of the time; every other room, new ones too, is in the second half.
FIRST = ("architecture", "assets", "dbt", "docs", "ml", "oppulence", "orchestration")


def main() -> int:
    """Run both halves and return the worse of their exit codes."""
    rooms = sorted(path.name for path in HERE.iterdir() if any(path.glob("**/test_*.py")))
    second = [room for room in rooms if room not in FIRST]
    with tempfile.TemporaryFile() as told:
        other = subprocess.Popen(_command(second), stdout=told, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run(_command(FIRST), check=False).returncode
            code = max(first, other.wait())
        finally:
            other.terminate()
        told.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(told.read())
        sys.stdout.flush()
    return code


def _command(rooms: tuple[str, ...] | list[str]) -> list[str]:
    folders = [str(HERE / room) for room in rooms]
    return [sys.executable, "-m", "pytest", *sys.argv[1:], *folders]


if __name__ == "__main__":
    sys.exit(main())
