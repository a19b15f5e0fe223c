"""Which compressions do bodies travel in, both ways?

A request names its own in ``Content-Encoding``; a response takes the first of ours that the client
accepts. All of them work piece by piece, so that a body of any length needs the memory of one
piece.
"""

import zlib
from collections.abc import Callable
from typing import Any, Protocol

import brotli
import lz4.frame
import zstandard

from local.clickhouse.failures import failure


class Encoder(Protocol):
    """Compresses piece by piece."""

    def compress(self, data: bytes) -> bytes:
        """Take the next piece and return what is ready."""

    def flush(self) -> bytes:
        """End the stream."""


class Decoder(Protocol):
    """Decompresses piece by piece."""

    def decompress(self, data: bytes) -> bytes:
        """Take the next piece and return what is ready."""


class _BrotliEncoder:
    def __init__(self) -> None:
        # Quality 3 is about gzip's speed; brotli's default of 11 is slower than the engine by a
        # factor of 100.
        self._compressor: Any = brotli.Compressor(quality=3)

    def compress(self, data: bytes) -> bytes:
        return bytes(self._compressor.process(data))

    def flush(self) -> bytes:
        return bytes(self._compressor.finish())


class _Lz4Encoder:
    def __init__(self) -> None:
        self._compressor: Any = lz4.frame.LZ4FrameCompressor()
        self._begun = False

    def compress(self, data: bytes) -> bytes:
        begin = b"" if self._begun else bytes(self._compressor.begin())
        self._begun = True
        return begin + bytes(self._compressor.compress(data))

    def flush(self) -> bytes:
        return self.compress(b"") + bytes(self._compressor.flush())


class _BrotliDecoder:
    def __init__(self) -> None:
        self._decompressor: Any = brotli.Decompressor()

    def decompress(self, data: bytes) -> bytes:
        return bytes(self._decompressor.process(data))


class _MembersDecoder:
    """Reads concatenated members or frames, which gzip, zstd and lz4 all allow."""

    def __init__(self, open_member: Callable[[], Any]) -> None:
        self._open_member = open_member
        self._member = open_member()

    def decompress(self, data: bytes) -> bytes:
        pieces = []
        while data:
            if self._member.eof:
                self._member = self._open_member()
            pieces.append(self._member.decompress(data))
            data = self._member.unused_data or b"" if self._member.eof else b""
        return b"".join(pieces)


# In a server's order of preference.
_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compressobj(),
    "br": _BrotliEncoder,
    "lz4": _Lz4Encoder,
    "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(3),
}

_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _MembersDecoder(lambda: zlib.decompressobj(31)),
    "deflate": lambda: _MembersDecoder(zlib.decompressobj),
    "br": _BrotliDecoder,
    "zstd": lambda: _MembersDecoder(zstandard.ZstdDecompressor().decompressobj),
    "lz4": lambda: _MembersDecoder(lz4.frame.LZ4FrameDecompressor),
}
# dlt spells gzip as the file ending.
_SPELLINGS = {"gz": "gzip", "x-gzip": "gzip"}

DECODING_ERRORS = (zlib.error, brotli.error, zstandard.ZstdError, RuntimeError, EOFError)


def decoder_for(content_encoding: str) -> Decoder | None:
    """Return what reads a request body of this ``Content-Encoding``, or nothing for a plain one."""
    name = content_encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    make = _DECODERS.get(_SPELLINGS.get(name, name))
    if make is None:
        raise failure(48, "NOT_IMPLEMENTED", f"Unknown compression method '{content_encoding}'")
    return make()


def encoder_for(accept_encoding: str) -> tuple[str, Encoder] | None:
    """Return the best encoding that a client accepts, or nothing."""
    accepted = {part.split(";")[0].strip().lower() for part in accept_encoding.split(",")}
    for name, make in _ENCODERS.items():
        if name in accepted:
            return name, make()
    return None
