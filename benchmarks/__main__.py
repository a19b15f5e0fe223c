"""Which benchmarks are there, and how do they run? `python -m benchmarks [NAME …]`.

Each runs in a process of its own, one after the other, so that none warms or starves another.
JSON lines go to stdout, progress to stderr. Exit code 1 when a benchmark broke; a goal that is not
met is a result, not a failure.
"""

import subprocess
import sys
import time
from pathlib import Path

NO_BENCHMARKS = {"__main__", "bare_webhooks"}  # a server that a benchmark starts


def available() -> list[str]:
    """Return the names of the benchmarks: the modules of this folder that may be run."""
    paths = [path for path in Path(__file__).parent.glob("*.py") if path.stem not in NO_BENCHMARKS]
    return sorted(path.stem for path in paths if "\ndef main(" in path.read_text())


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all, and return the exit code."""
    if "--help" in names or "-h" in names:
        print(f"{__doc__}\nBenchmarks: {', '.join(available())}")
        return 0
    unknown = set(names) - set(available())
    if unknown:
        print(
            f"No benchmark named {', '.join(sorted(unknown))}; there are: {', '.join(available())}",
            file=sys.stderr,
        )
        return 2
    broken = []
    for name in names or available():
        print(f"· {name} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        finished = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
        print(f"· {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if finished.returncode:
            broken.append(name)
    if broken:
        print(f"Broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
