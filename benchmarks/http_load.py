"""What does it take to load an HTTP server without being the bottleneck? Prepared bytes on sockets.

A client library would cost as much as the server it measures. These connections send requests that
were written out before, and read no more of an answer than its status and its length.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Load:
    """What came back: seconds of each request, and statuses that were not expected."""

    seconds: list[float] = field(default_factory=list)
    unexpected: list[int] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def per_second(self) -> float:
        """Requests that were answered in a second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    def quantile(self, share: float) -> float:
        """Return the time under which this share of the requests stayed, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", "Host: api", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post_request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the bytes of a POST of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: api", *(f"{n}: {v}" for n, v in headers.items())]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, wanted: bytes) -> int:
        """Send one request, read its answer to the end, return its status."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(wanted)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if length:
            await reader.readexactly(length)
        return status

    def close(self) -> None:
        """Close it."""
        if self.streams is not None:
            self.streams[1].close()


def at_rate(port: int, requests: Iterator[bytes], *, per_second: float, seconds: float) -> Load:
    """Send requests at a rate, whether or not the ones before were answered (an open loop)."""
    return asyncio.run(_at_rate(port, requests, per_second, seconds))


def at_full(
    port: int,
    requests: Iterator[bytes],
    *,
    concurrency: int,
    is_over: Callable[[int, float], bool],
) -> Load:
    """Send requests as fast as they are answered, until `is_over` by number and seconds."""
    return asyncio.run(_at_full(port, requests, concurrency, is_over))


async def _at_rate(port: int, requests: Iterator[bytes], per_second: float, seconds: float) -> Load:
    load, free, running = Load(), [Connection(port) for _ in range(8)], set()
    started = time.perf_counter()

    async def one(due: float, wanted: bytes) -> None:
        connection = free.pop() if free else Connection(port)
        status = await connection.ask(wanted)
        # From when it was due: a server that stalls may not hide it by delaying the next.
        load.seconds.append(time.perf_counter() - due)
        if status != 200:
            load.unexpected.append(status)
        free.append(connection)

    for number in range(int(per_second * seconds)):
        due = started + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.create_task(one(due, next(requests)))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    load.elapsed = time.perf_counter() - started
    for connection in free:
        connection.close()
    return load


async def _at_full(
    port: int,
    requests: Iterator[bytes],
    concurrency: int,
    is_over: Callable[[int, float], bool],
) -> Load:
    load = Load()
    started = time.perf_counter()

    async def loop() -> None:
        connection = Connection(port)
        while not is_over(len(load.seconds), time.perf_counter() - started):
            begun = time.perf_counter()
            status = await connection.ask(next(requests))
            load.seconds.append(time.perf_counter() - begun)
            if status != 200:
                load.unexpected.append(status)
        connection.close()

    await asyncio.gather(*(loop() for _ in range(concurrency)))
    load.elapsed = time.perf_counter() - started
    return load
