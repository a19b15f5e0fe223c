"""How does the whole stack run until someone stops it?

Engines, then one `oppulence migrate`, then the services, phase by phase; watched until Ctrl-C or
SIGTERM, and stopped in reverse. A second Ctrl-C ends everything at once. This process stays small:
whatever needs large libraries runs in a child.
"""

import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from core.errors import ConfigurationError
from core.settings import Settings
from local.console import StackConsole
from local.lease import FolderBusyError, Lease, LiveStack, claim
from local.lifeline import Lifeline
from local.mail.part import mail_folder
from local.ports import LOOPBACK, FixedPort, free_port, require_free
from local.process import Part
from local.services import fixed_ports, sandbox_key, service_phases, worker_mark
from local.stack import STACK, embedded_engines, require_keys, start_engines
from local.supervisor import StoppedError, Supervisor

CLAIM_SECONDS = 40.0
# EX_DATAERR of sysexits.h, from `oppulence migrate`: the engines are fine, a dbt model is not. The
# stack starts nevertheless, for that is where one sees why.
MODELS_FAILED_EXIT_CODE = 65


def run_stack(settings: Settings, console: Console) -> None:
    """Run everything until a signal; returns when everything has ended.

    Raises:
        FolderBusyError: Another process runs the engines of this data folder.
        PortTakenError: A port that people know is taken; nothing was started.
        PartFailedError: A part did not start, or an engine was given up.
    """
    names = embedded_engines(settings, STACK)
    if "postgres" not in names:
        require_keys(settings)
    fixed = [port for port in fixed_ports(settings) if port.part != "ClickHouse"
             or "clickhouse" in names]  # fmt: skip
    _require_distinct(fixed)
    with _held(settings) as lease:
        require_free(fixed)
        ports = {
            name: settings.clickhouse_port if name == "clickhouse" else free_port()
            for name in names
        }
        _run(settings, lease, ports, StackConsole(console))


def _run(settings: Settings, lease: Lease, ports: Mapping[str, int], console: StackConsole) -> None:
    stopping, forced = threading.Event(), threading.Event()
    lifeline = Lifeline(inherited=[lease.descriptor])

    def report(part: str, text: str) -> None:
        console.report(part, text)
        if is_published:
            lease.publish("oppulence up", ports, _told(supervisor))

    is_published = False
    supervisor = Supervisor(
        lifeline, sink_of=console.sink_of, report=report, stopping=stopping, forced=forced
    )
    try:
        with _signals(stopping, forced, console):
            try:
                complete = start_engines(settings, supervisor, ports)
                if supervisor.run_once(_migrate_part(complete), tolerated=MODELS_FAILED_EXIT_CODE):
                    console.say("Starting without the models that failed; see migrate above.")
                # From here on other commands may join; services may still be starting.
                lease.publish("oppulence up", ports, _told(supervisor))
                is_published = True
                worker_mark(settings).unlink(missing_ok=True)
                for phase in service_phases(complete, settings.data_dir / "dagster"):
                    supervisor.start(phase)
                console.addresses(_addresses(complete, supervisor))
                console.hint(
                    "Try it on the simulated account:"
                    f" STRIPE_API_KEY={sandbox_key(complete)} oppulence connect stripe"
                    f" --api-url http://{LOOPBACK}:{settings.sandbox_port}\n"
                    "and ask the API with a key of its workspace: oppulence key create"
                )
                console.say("Everything is ready. Ctrl-C stops it.")
                supervisor.watch()
            except StoppedError:
                pass
            finally:
                is_published = False
                lease.withdraw()
                console.say("Stopping…")
                supervisor.stop()
    finally:
        lifeline.close()
    console.say("Stopped.")


@contextmanager
def _held(settings: Settings) -> Iterator[Lease]:
    claimed = claim(settings.data_dir, wait_seconds=CLAIM_SECONDS)
    if isinstance(claimed, LiveStack):
        raise FolderBusyError(
            f"`{claimed.command}` (process {claimed.pid}) runs on {settings.data_dir} already.",
            next_step=f"Use it (`oppulence status`), stop it (`kill {claimed.pid}`), or set"
            " OPPULENCE_DATA_DIR to another folder.",
        )
    try:
        yield claimed
    finally:
        claimed.release()


@contextmanager
def _signals(
    stopping: threading.Event, forced: threading.Event, console: StackConsole
) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            forced.set()
            console.say("Ending everything at once.")
        stopping.set()

    before = {
        number: signal.signal(number, handle)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _require_distinct(ports: list[FixedPort]) -> None:
    seen: dict[int, FixedPort] = {}
    for port in ports:
        other = seen.setdefault(port.port, port)
        if other is not port:
            raise ConfigurationError(
                f"{other.setting} and {port.setting} are both {port.port}.",
                next_step="Give each its own port.",
            )


def _migrate_part(settings: Settings) -> Part:
    return Part(
        name="migrate",
        command=(sys.executable, "-m", "oppulence", "migrate", "--changed-only"),
        environment=settings.child_environment(),
        probe=lambda: True,
    )


def _told(supervisor: Supervisor) -> dict[str, dict[str, str | int]]:
    return {
        slot.part.name: {
            "pid": slot.process.pid,
            "state": slot.state.value,
            "address": slot.part.address,
        }
        for slot in supervisor.slots
    }


def _addresses(settings: Settings, supervisor: Supervisor) -> list[tuple[str, str, str]]:
    purposes = {
        "api": "API; sign in at /sign_in, documentation at /docs",
        "dagster": "Dagster: assets, runs, schedules",
        "clickhouse": "ClickHouse over HTTP, user default",
        "sandbox": "Stripe's simulator",
        "postgres": f"Postgres; passwords in {settings.data_dir / 'secrets.json'}",
        "redis": "Redis; password in the same file",
        "mail": f"Mail; what is sent is shown here and kept in {mail_folder(settings)}",
    }
    return [
        (slot.part.name, slot.part.address, purposes[slot.part.name])
        for slot in supervisor.slots
        if slot.part.name in purposes
    ]
