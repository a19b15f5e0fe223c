"""Which ports are free, and who holds the one that is not?"""

import errno
import http.client
import socket
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import psutil

from core.errors import ConflictError

LOOPBACK = "127.0.0.1"
PROBE_SECONDS = 2.0
# Below what Linux gives to connections (32768), above what is well known.
_FIRST_USUAL, _USUAL_PORTS = 20_000, 12_000


class PortTakenError(ConflictError):
    """Another process listens where a part of ours should."""

    code = "port_taken"
    title = "A port is already in use"
    exit_code = 75  # EX_TEMPFAIL: free the port and the same command works


@dataclass(frozen=True, slots=True)
class FixedPort:
    """A port that people know, and the setting that moves it."""

    part: str
    host: str
    port: int
    setting: str


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def usual_port(folder: Path) -> int:
    """Return a folder's own port if nobody listens on it now, else any free one.

    The same port every time spares a command that comes back to the folder what depends on it: dbt
    parses its whole project anew when the address of its warehouse changes.
    """
    port = _FIRST_USUAL + crc32(str(folder).encode()) % _USUAL_PORTS
    return free_port() if is_taken(LOOPBACK, port) else port


def require_free(ports: list[FixedPort]) -> None:
    """Check every port before anything is started.

    Raises:
        PortTakenError: Names each port that is taken, its holder where known, and its setting.
    """
    taken = [port for port in ports if is_taken(port.host, port.port)]
    if taken:
        raise PortTakenError(
            " ".join(
                f"Port {port.port} ({port.part}) is taken{holder_of(port.port)}." for port in taken
            ),
            next_step="Stop that process, or choose another port: "
            + ", ".join(f"{port.setting}={free_port()}" for port in taken),
        )


def is_taken(host: str, port: int) -> bool:
    """Say whether a listener of ours would be refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a connection that lingers after its server's end is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def holder_of(port: int) -> str:
    """Return ` by NAME (process N)` for the listener of a port, or nothing if it is not told."""
    try:
        listeners = [
            connection
            for connection in psutil.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid
        ]
        if listeners:
            process = psutil.Process(listeners[0].pid)
            return f" by {process.name()} (process {process.pid})"
    except psutil.Error:
        return ""  # another user's process; the port's number has to do
    return ""


def answers_http(port: int, path: str, host: str = LOOPBACK) -> bool:
    """Say whether GET answers 200 there, within two seconds."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
