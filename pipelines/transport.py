"""What carries the requests of providers' clients? aiohttp, below httpx' interface and errors.

A run over 200 connections is tens of thousands of small answers, and httpx' own transport spent
half of such a run's processor: 3.0 ms a request, of which this leaves 1.0 (its parser is C). What
clients see stays httpx: requests, answers with their bytes and headers untouched, and errors that
keep apart what never reached the provider from what may have, because that may count.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import aiohttp

_KEPT_ALIVE_SECONDS = 5.0


class _Body(httpx.AsyncByteStream):
    """A body that has been read, as the provider sent it: httpx decompresses it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Transport(httpx.AsyncBaseTransport):
    """Sends requests of one client, over as many sockets as it asks at once."""

    def __init__(self, verify: ssl.SSLContext, *, sockets: int) -> None:
        self._verify = verify
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, read whole.

        Raises:
            httpx.TransportError: There is none; the error's class says how far the request came.
        """
        from yarl import URL

        body = await request.aread()
        sent = request.headers.raw  # in the case in which they were written
        with _httpx_errors(request):
            async with self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in sent],
                data=body or None,
                allow_redirects=False,
                timeout=_timeout(request),
            ) as answer:
                found = await answer.read()
        return httpx.Response(
            answer.status,
            headers=answer.raw_headers,
            stream=_Body(found),
            request=request,
            extensions={"reason_phrase": (answer.reason or "").encode()},
        )

    async def aclose(self) -> None:
        """Close every socket."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> "aiohttp.ClientSession":
        """Return the session, which belongs to the loop that runs."""
        if self._session is None:
            import aiohttp  # 20 MB that a process which asks no provider does without

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._verify, limit=self._sockets, keepalive_timeout=_KEPT_ALIVE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
            # It would send a GET again that a provider has broken off, and may have counted.
            self._session._retry_connection = False
        return self._session


def _timeout(request: httpx.Request) -> "aiohttp.ClientTimeout":
    from aiohttp import ClientTimeout

    seconds = request.extensions.get("timeout", {})
    return ClientTimeout(
        total=None,
        connect=seconds.get("pool"),
        sock_connect=seconds.get("connect"),
        sock_read=seconds.get("read"),
    )


@contextmanager
def _httpx_errors(request: httpx.Request) -> Iterator[None]:
    """Raise httpx' errors for aiohttp's."""
    import aiohttp

    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error), request=request) from error
    except aiohttp.ServerTimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error), request=request) from error
    except aiohttp.ClientOSError as error:
        raise httpx.ReadError(str(error), request=request) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    except aiohttp.ClientError as error:  # broken off, or no HTTP at all
        raise httpx.RemoteProtocolError(str(error), request=request) from error
