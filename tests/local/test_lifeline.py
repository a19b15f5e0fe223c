"""Does a SIGKILL of the parent end its children and what they started, in order?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.local.processes import is_running, until

PARENT = """
import signal, subprocess, sys, time
from local.lifeline import Lifeline
lifeline = Lifeline()
for script in sys.argv[1:]:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-u", "-c", script],
                             start_new_session=True, stdout=subprocess.PIPE, text=True)
    lifeline.guard(child.pid, signal.SIGTERM)
    print(child.pid, child.stdout.readline().strip(), flush=True)
time.sleep(60)
"""
# Writes its name when asked to end.
POLITE = """
import pathlib, signal, sys, time
def stop(*_):
    with open({log!r}, "a") as log: log.write({name!r} + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("runs")
time.sleep(60)
"""
# Starts a process that ignores every request, as a run in the middle of its work may.
WITH_GRANDCHILD = """
import subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
print(subprocess.Popen([sys.executable, "-I", "-S", "-c", deaf]).pid)
time.sleep(60)
"""


def test_killing_the_parent_ends_children_and_grandchildren_newest_first(tmp_path: Path) -> None:
    log = tmp_path / "stops"
    scripts = [
        POLITE.format(log=str(log), name="engine"),
        POLITE.format(log=str(log), name="service"),
        WITH_GRANDCHILD,
    ]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *scripts], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        lines = [parent.stdout.readline().split() for _ in scripts]
        pids = [int(line[0]) for line in lines] + [int(lines[2][1])]
        assert all(map(is_running, pids))
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not any(map(is_running, pids)), "all ended")
    assert log.read_text() == "service engine "
