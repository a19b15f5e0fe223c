"""Where does the data of an INSERT wait until all of it is here?

A small body waits in memory and runs as the text it is. A larger one waits in a file of the data
folder, so that the gateway's memory does not grow with it, the engine can read formats that need to
seek (Parquet), and an INSERT whose client dies half way inserts nothing. chDB has a streaming
INSERT as well; it is not used, because it reports success when a constraint, a materialized view or
a limit refused the rows (seen with chDB 26.9).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_IN_MEMORY_BYTES = 1 << 20
# Bytes of these formats must not run as text: a Parquet file of 50 KB that held a semicolon was cut
# there by the engine ("wrong magic bytes at the end of file", chDB 26.9).
_FILE_FORMATS = frozenset({"parquet", "orc", "avro", "arrow"})


@dataclass(frozen=True)
class Spooled:
    """Data that is complete: in memory, or in a file."""

    data: bytes
    path: str | None


class SpoolFolder:
    """The folder of the gateway's passing files."""

    def __init__(self, path: Path) -> None:
        """Create the folder, and empty it of what a killed gateway left."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        for left in path.iterdir():
            left.unlink()

    @contextmanager
    def hold(self, pieces: Iterator[bytes], data_format: str | None = None) -> Iterator[Spooled]:
        """Take all of the data, and keep it for as long as the block runs."""
        is_file = data_format is not None and data_format.lower() in _FILE_FORMATS
        in_memory = 0 if is_file else _IN_MEMORY_BYTES
        held = bytearray()
        for piece in pieces:
            held += piece
            if len(held) > in_memory:
                break
        else:
            yield Spooled(bytes(held), None)
            return
        descriptor, path = tempfile.mkstemp(dir=self.path, suffix=".insert")
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                file.write(held)
                held.clear()
                for piece in pieces:
                    file.write(piece)
            yield Spooled(b"", path)
        finally:
            Path(path).unlink()
