"""How is something sent to an address that a stranger chose? Within one time, and reading little.

Whoever answers there may mean harm: trickle a head byte by byte, send one without end, or pack
gigabytes into an answer. So all of it, connecting included, ends at one deadline; no more is taken
from the connection than a head and a piece, and nothing is unpacked. Redirects are not followed.
"""

import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpcore

from core.authorities import trusted
from core.errors import OppulenceError
from core.outbound_address import Address

MOST_SHOWN = 200
MOST_TAKEN = 262_144
_PIECE = 4_096
_FAILURES = (
    httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError,
)  # fmt: skip


class NoAnswerError(OppulenceError):
    """There was no answer in time. `is_unsent` says that nothing can have arrived."""

    code = "no_answer"
    title = "There was no answer"

    def __init__(self, detail: str, *, is_unsent: bool) -> None:
        super().__init__(detail)
        self.is_unsent = is_unsent


def post_to(
    address: Address, body: bytes, headers: Mapping[str, str], *, seconds: float
) -> tuple[int, str]:
    """Post to the checked number under the host's own name.

    Returns:
        The status, and the first words of the answer on one line, where they can be read.

    Raises:
        NoAnswerError: No whole head of an answer came within `seconds`.
    """
    backend = _Backend(time.monotonic() + seconds)
    given = {
        "Host": address.name, "User-Agent": "Oppulence/1", "Accept-Encoding": "identity", **headers,
        "Content-Length": str(len(body)), "Connection": "close",
    }  # fmt: skip
    url = httpcore.URL(
        scheme=address.scheme.encode(), host=address.number.encode(), port=address.port,
        target=address.target.encode(),
    )  # fmt: skip
    with httpcore.ConnectionPool(
        ssl_context=trusted(), network_backend=backend, http2=False
    ) as pool:
        try:
            with pool.stream(
                "POST", url, headers=list(given.items()), content=body,
                extensions={"sni_hostname": address.host},
            ) as answer:  # fmt: skip
                return answer.status, _first_words(answer)
        except _FAILURES as error:
            raise NoAnswerError(
                f"No answer: {type(error).__name__}", is_unsent=not backend.has_written
            ) from error


def _first_words(answer: httpcore.Response) -> str:
    """Return what the body begins with; the status stands, whatever becomes of it."""
    if any(name.lower() == b"content-encoding" for name, _ in answer.headers):
        return ""
    said = b""
    with suppress(*_FAILURES):
        for piece in answer.iter_stream():
            said += piece[:MOST_SHOWN]
            if len(said) >= MOST_SHOWN:
                break
    return " ".join(said[:MOST_SHOWN].decode(errors="replace").split())


@dataclass
class _Backend(httpcore.NetworkBackend):
    """Makes a connection of which nothing takes longer than until `ends_at`."""

    ends_at: float
    has_written: bool = False
    _inner: httpcore.SyncBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self.left(httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self)

    def left(self, error: type[httpcore.TimeoutException]) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutException: None are.
        """
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise error("the deadline has passed")
        return seconds


@dataclass
class _Stream(httpcore.NetworkStream):
    inner: httpcore.NetworkStream
    backend: _Backend
    taken: int = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.taken >= MOST_TAKEN:
            raise httpcore.ReadError("the answer is too long")
        data = self.inner.read(max_bytes, self.backend.left(httpcore.ReadTimeout))
        self.taken += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self.backend.has_written = True
            left = self.backend.left(httpcore.WriteTimeout)
            self.inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self.backend.left(httpcore.ConnectTimeout)
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, left), self.backend)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)
