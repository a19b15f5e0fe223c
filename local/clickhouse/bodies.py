"""How is the body of a request read, however it is framed and compressed?

Whatever comes is handed on piece by piece; nothing here holds a whole body.
"""

from collections.abc import Iterator
from typing import Protocol

from local.clickhouse.encodings import DECODING_ERRORS, Decoder, decoder_for
from local.clickhouse.failures import failure

_PIECE = 1 << 20


class ByteStream(Protocol):
    """What a body is read from."""

    def read1(self, size: int = ..., /) -> bytes:
        """Return what is there, at most this much."""

    def readline(self, size: int = ..., /) -> bytes:
        """Return one line."""


class BodyCut(Exception):  # noqa: N818 - named for what is true
    """The client left before its body was complete."""


class RequestBody:
    """The body of one request, decompressed."""

    def __init__(self, stream: ByteStream, headers: "dict[str, str]") -> None:
        """Take the stream, standing at the body, and the headers by lower-case name."""
        self._stream = stream
        self._raw = self._framed(headers)
        self._has_length = "content-length" in headers or "transfer-encoding" in headers
        self._encoding = headers.get("content-encoding", "")
        self._decoder: Decoder | None = None
        self._peeked: bytes | None = None
        self.complete = False

    def prepare(self, method: str) -> None:
        """Refuse a body that cannot be read, before anything of it is."""
        if method in {"POST", "PUT"} and not self._has_length:
            raise failure(
                381,
                "HTTP_LENGTH_REQUIRED",
                "The Transfer-Encoding is not chunked and there is no Content-Length header for "
                f"{method} request",
            )
        self._decoder = decoder_for(self._encoding)

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes. May be called again to go on where a loop stopped."""
        if self._peeked is not None:
            peeked, self._peeked = self._peeked, None
            yield peeked
        for piece in self._raw:
            if self._decoder is None:
                yield piece
                continue
            try:
                plain = self._decoder.decompress(piece)
            except DECODING_ERRORS as error:
                raise failure(
                    271,
                    "CANNOT_DECOMPRESS",
                    f"Cannot decompress request body as {self._encoding}: {error}",
                ) from None
            if plain:
                yield plain

    def starts_with(self, beginnings: tuple[bytes, ...]) -> bool:
        """Look at the first piece without taking it."""
        if self._peeked is None:
            self._peeked = next(self.pieces(), b"")
        return self._peeked.startswith(beginnings)

    def discard(self, limit: int) -> bool:
        """Read over what is left, so that the connection can go on; say whether it can."""
        if self.complete:
            return True
        seen = 0
        for piece in self._raw:
            seen += len(piece)
            if seen > limit:
                return False
        return self.complete

    def _framed(self, headers: "dict[str, str]") -> Iterator[bytes]:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked()
        return self._counted(int(headers.get("content-length") or 0))

    def _counted(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self._stream.read1(min(length, _PIECE))
            if not piece:
                raise BodyCut
            length -= len(piece)
            self.complete = length == 0
            yield piece
        self.complete = True

    def _chunked(self) -> Iterator[bytes]:
        while True:
            line = self._stream.readline(1024)
            if not line.endswith(b"\n"):
                raise BodyCut
            try:
                length = int(line.split(b";")[0], 16)
            except ValueError:
                raise BodyCut from None
            if length == 0:
                while self._stream.readline(65536) not in {b"\r\n", b"\n", b""}:
                    pass
                self.complete = True
                return
            while length > 0:
                piece = self._stream.read1(min(length, _PIECE))
                if not piece:
                    raise BodyCut
                length -= len(piece)
                yield piece
            self._stream.readline(16)
