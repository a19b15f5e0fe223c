"""Which benchmarks are there, and how do they run? `python -m benchmarks [NAME …]`.

Each runs in a process of its own, one after the other, so that none warms or starves another.
JSON lines go to stdout, progress to stderr. Exit code 1 when a benchmark broke; a goal that is not
met is a result, not a failure.
"""

import subprocess
import sys
import time
from pathlib import Path

HELPERS = {
    "bare_webhooks", "http_load", "memory", "nested_json_destination", "published_limits",
    "recovery_year", "report", "stripe_pages",
}  # fmt: skip


def available() -> list[str]:
    """Return the names of the benchmarks: the modules of this folder that measure something."""
    folder = Path(__file__).parent
    return sorted(
        path.stem
        for path in folder.glob("*.py")
        if path.stem not in HELPERS and path.stem[0] != "_"
    )


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
