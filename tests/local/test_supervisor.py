"""Are parts started in order, watched, started again, given up, and stopped in reverse?"""

import os
import signal
import threading
from pathlib import Path

import pytest

from local.supervisor import PartFailedError, State, StoppedError, Supervisor
from tests.local.processes import is_running, small_part, supervised, until

SLEEP = "import time; time.sleep(60)"
SAYS_WHEN_STOPPED = """
import signal, sys, time
def stop(*_):
    print('{name} stops', flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print('{name} runs', flush=True)
time.sleep(60)
"""


def watching(supervisor: Supervisor) -> threading.Thread:
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    return thread


def test_a_killed_part_is_started_again_and_works() -> None:
    with supervised() as bench:
        bench.supervisor.start([small_part("one", SLEEP)])
        slot = bench.supervisor.slots[0]
        first = slot.process.pid
        thread = watching(bench.supervisor)
        os.kill(first, signal.SIGKILL)
        until(lambda: slot.process.pid != first and slot.state is State.READY, "restarted")
        assert is_running(slot.process.pid)
        assert ("one", "ended with signal 9; next start in 0.5 s") in bench.reports
        bench.stopping.set()
        thread.join()


def test_phases_stop_in_reverse_and_side_by_side_inside() -> None:
    def ready(name: str) -> bool:
        return (name, f"{name} runs") in bench.lines

    with supervised() as bench:
        for phase in (["engine"], ["left", "right"]):
            bench.supervisor.start(
                [
                    small_part(
                        name, SAYS_WHEN_STOPPED.format(name=name), probe=lambda n=name: ready(n)
                    )
                    for name in phase
                ]
            )
        pids = [slot.process.pid for slot in bench.supervisor.slots]
        bench.supervisor.stop()
        stops = [line for _, line in bench.lines if line.endswith("stops")]
        assert sorted(stops[:2]) == ["left stops", "right stops"]
        assert stops[2:] == ["engine stops"]
        assert [is_running(pid) for pid in pids] == [False, False, False]


def test_a_part_that_ends_at_its_start_tells_its_last_words() -> None:
    with supervised() as bench, pytest.raises(PartFailedError) as failed:
        bench.supervisor.start(
            [small_part("api", "print('no such port'); raise SystemExit(3)", probe=lambda: False)]
        )
    assert failed.value.detail == "api ended with exit code 3. It last said: no such port"


def test_a_part_that_never_answers_is_named_with_its_time() -> None:
    part = small_part("api", SLEEP, probe=lambda: False, ready_seconds=0.3)
    with supervised() as bench, pytest.raises(PartFailedError) as failed:
        bench.supervisor.start([part])
    assert failed.value.detail == "api did not answer within 0 s. It last said: nothing"


def test_a_part_that_keeps_ending_is_given_up_while_others_run_on(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    script = f"import pathlib, sys, time\nif pathlib.Path({str(broken)!r}).exists(): sys.exit(1)\n"
    with supervised(first_delay_seconds=0.01) as bench:
        bench.supervisor.start(
            [small_part("worker", script + "time.sleep(60)"), small_part("api", SLEEP)]
        )
        broken.touch()
        thread = watching(bench.supervisor)
        os.kill(bench.supervisor.slots[0].process.pid, signal.SIGKILL)
        until(lambda: bench.reports[-1][1].startswith("given up"), "given up")
        assert bench.supervisor.slots[0].state is State.GIVEN_UP
        assert bench.reports[-1][1].startswith(
            "given up: worker ended with exit code 1, 6 times in a row shortly after its start."
        )
        assert bench.supervisor.slots[1].state is State.READY
        bench.stopping.set()
        thread.join()


def test_an_engine_that_is_given_up_ends_the_watch(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    script = f"import pathlib, sys, time\nif pathlib.Path({str(broken)!r}).exists(): sys.exit(1)\n"
    with supervised(first_delay_seconds=0.01) as bench:
        bench.supervisor.start([small_part("postgres", script + "time.sleep(60)", is_engine=True)])
        broken.touch()
        os.kill(bench.supervisor.slots[0].process.pid, signal.SIGKILL)
        with pytest.raises(PartFailedError, match="postgres ended with exit code 1, 6 times"):
            bench.supervisor.watch()


def test_a_part_that_ignores_the_request_is_killed_when_forced() -> None:
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\n"
    with supervised() as bench:
        bench.supervisor.start(
            [
                small_part(
                    "deaf",
                    deaf + "time.sleep(3600)",
                    probe=lambda: ("deaf", "deaf") in bench.lines,
                    stop_seconds=3600,  # waiting for it would not end within any test's time
                )
            ]
        )
        pid = bench.supervisor.slots[0].process.pid
        bench.forced.set()
        bench.supervisor.stop()
        assert bench.reports[-1] == ("deaf", "ended by force")
        assert not is_running(pid)


def test_a_stop_while_starting_leaves_nothing() -> None:
    with supervised() as bench:
        bench.stopping.set()
        with pytest.raises(StoppedError):
            bench.supervisor.start([small_part("slow", SLEEP, probe=lambda: False)])
        pid = bench.supervisor.slots[0].process.pid
        bench.supervisor.stop()
        assert not is_running(pid)


def test_a_one_off_part_that_fails_says_so() -> None:
    with supervised() as bench:
        bench.supervisor.run_once(small_part("migrate", "print('done')"))
        assert bench.supervisor.slots == []
        with pytest.raises(PartFailedError, match="migrate ended with exit code 4"):
            bench.supervisor.run_once(small_part("migrate", "raise SystemExit(4)"))


def test_a_part_that_stops_answering_is_reported_and_left_alone() -> None:
    answers = threading.Event()
    answers.set()
    with supervised(probe_every_seconds=0.1) as bench:
        bench.supervisor.start([small_part("api", SLEEP, probe=answers.is_set)])
        slot = bench.supervisor.slots[0]
        pid = slot.process.pid
        thread = watching(bench.supervisor)
        answers.clear()
        until(lambda: ("api", "runs but does not answer") in bench.reports, "reported")
        answers.set()
        until(lambda: ("api", "answers again") in bench.reports, "reported again")
        assert slot.process.pid == pid
        bench.stopping.set()
        thread.join()
