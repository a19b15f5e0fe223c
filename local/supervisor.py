"""How do many processes run as one? Started in order, watched, started again, stopped in reverse.

A phase is a set of parts that start side by side; the next begins when all of it answers. One
thread does everything, in steps that never wait for long: `start` and `watch` repeat `_step`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import EngineUnavailableError
from local.lifeline import Lifeline
from local.process import LineSink, Part, Process
from local.restarts import FIRST_DELAY_SECONDS, QUICK_FAILURES_ALLOWED, Restarts

STEP_SECONDS = 0.05


class State(StrEnum):
    """Where a part is in its life."""

    STARTING = "starting"
    READY = "ready"
    UNRESPONSIVE = "not answering"
    RESTARTING = "restarting"
    GIVEN_UP = "given up"


class PartFailedError(EngineUnavailableError):
    """A part of the stack does not start, or ended too often."""

    code = "part_failed"
    title = "A part of the stack does not run"
    exit_code = 70  # EX_SOFTWARE


class StoppedError(Exception):
    """Someone asked to stop while parts were still starting."""


@dataclass(slots=True)
class Slot:
    """A part, its present process and what became of the earlier ones."""

    part: Part
    process: Process
    state: State = State.STARTING
    restarts: Restarts = field(default_factory=Restarts)
    next_at: float = 0.0


class Supervisor:
    """Runs phases of parts until told to stop."""

    def __init__(
        self,
        lifeline: Lifeline,
        *,
        sink_of: Callable[[str], LineSink],
        report: Callable[[str, str], None],
        stopping: threading.Event,
        forced: threading.Event,
        probe_every_seconds: float = 10.0,
        first_delay_seconds: float = FIRST_DELAY_SECONDS,
    ) -> None:
        """Keep where lines go (`sink_of(part)`), who hears of changes, and when to stop."""
        self._probe_every_seconds = probe_every_seconds
        self._first_delay_seconds = first_delay_seconds
        self.phases: list[list[Slot]] = []
        self._lifeline = lifeline
        self._sink_of = sink_of
        self._report = report
        self._stopping = stopping
        self._forced = forced

    @property
    def slots(self) -> list[Slot]:
        """Every part started so far, in order."""
        return [slot for phase in self.phases for slot in phase]

    def start(self, parts: Sequence[Part]) -> None:
        """Start a phase and wait until each of its parts answers.

        Raises:
            PartFailedError: One of them ended, or did not answer in its time.
            StoppedError: A stop was requested meanwhile.
        """
        phase: list[Slot] = []
        self.phases.append(phase)
        for part in parts:
            phase.append(Slot(part, self._run(part)))
        while any(slot.state is not State.READY for slot in phase):
            if self._stopping.wait(STEP_SECONDS):
                raise StoppedError
            for slot in self.slots:
                self._step(slot, first=slot in phase)

    def run_once(self, part: Part, *, tolerated: int = 0) -> int:
        """Run a part that ends by itself, wait for it and return its exit code.

        Raises:
            PartFailedError: It failed, and not with the exit code `tolerated`.
            StoppedError: A stop was requested meanwhile.
        """
        slot = Slot(part, self._run(part))
        self.phases.append([slot])
        while (code := slot.process.exit_code()) is None:
            if self._stopping.wait(STEP_SECONDS):
                raise StoppedError
            for other in self.slots[:-1]:
                self._step(other, first=False)
        slot.process.kill()
        self.phases.pop()
        if code not in {0, tolerated}:
            raise _failure(slot, f"ended with {_ending(code)}")
        return code

    def watch(self) -> None:
        """Keep every part running until a stop is requested.

        Raises:
            PartFailedError: An engine was given up, without which nothing works.
        """
        while not self._stopping.wait(STEP_SECONDS):
            for slot in self.slots:
                self._step(slot, first=False)

    def stop(self) -> None:
        """End every part, the last phase first; at once when `forced` is set."""
        while self.phases:
            phase = self.phases.pop()
            for slot in phase:
                slot.process.request_stop()
            deadline = time.monotonic() + max(
                (slot.part.stop_seconds for slot in phase), default=0.0
            )
            while any(slot.process.exit_code() is None for slot in phase):
                if time.monotonic() >= deadline or self._forced.wait(STEP_SECONDS):
                    break
            for slot in phase:
                is_ended = slot.process.exit_code() is not None
                slot.process.kill()
                self._report(slot.part.name, "stopped" if is_ended else "ended by force")

    def _run(self, part: Part) -> Process:
        return Process(part, self._lifeline, self._sink_of(part.name))

    def _step(self, slot: Slot, *, first: bool) -> None:
        """Look at one part and do the next thing for it."""
        now = time.monotonic()
        if slot.state is State.GIVEN_UP:
            return
        if slot.state is State.RESTARTING:
            if now >= slot.next_at:
                slot.process, slot.state = self._run(slot.part), State.STARTING
        elif (code := slot.process.exit_code()) is not None:
            slot.process.kill()  # its children, which nobody else would end
            self._ended(slot, f"ended with {_ending(code)}", first=first)
        elif slot.state is State.STARTING:
            if slot.process.is_ready():
                slot.state, slot.next_at = State.READY, now + self._probe_every_seconds
                self._report(slot.part.name, f"ready after {now - slot.process.started:.1f} s")
            elif now - slot.process.started > slot.part.ready_seconds:
                slot.process.stop()
                reason = f"did not answer within {slot.part.ready_seconds:.0f} s"
                self._ended(slot, reason, first=first)
        elif now >= slot.next_at:
            self._look_after(slot, now)

    def _look_after(self, slot: Slot, now: float) -> None:
        """Say so when a running part answers no more; ending it would only lose its work."""
        slot.next_at = now + self._probe_every_seconds
        state = State.READY if slot.process.is_ready() else State.UNRESPONSIVE
        if state is not slot.state and slot.process.exit_code() is None:
            answer = "answers again" if state is State.READY else "runs but does not answer"
            self._report(slot.part.name, answer)
            slot.state = state

    def _ended(self, slot: Slot, reason: str, *, first: bool) -> None:
        if first:
            raise _failure(slot, reason)
        slot.restarts = slot.restarts.after_end(time.monotonic() - slot.process.started)
        if slot.restarts.is_given_up:
            slot.state = State.GIVEN_UP
            times = QUICK_FAILURES_ALLOWED + 1
            failure = _failure(slot, f"{reason}, {times} times in a row shortly after its start")
            if slot.part.is_engine:
                raise failure
            self._report(slot.part.name, f"given up: {failure.detail} {failure.next_step}")
            return
        slot.state = State.RESTARTING
        delay = slot.restarts.delay_seconds(self._first_delay_seconds)
        slot.next_at = time.monotonic() + delay
        self._report(slot.part.name, f"{reason}; next start in {delay:g} s")


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _failure(slot: Slot, reason: str) -> PartFailedError:
    said = " | ".join(slot.process.last_lines) or "nothing"
    return PartFailedError(
        f"{slot.part.name} {reason}. It last said: {said}",
        next_step="Fix what it says, or run `oppulence doctor`.",
    )
