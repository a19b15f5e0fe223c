"""Where does the data of an INSERT wait until all of it is here?

In a file of the data folder: the gateway's memory does not grow with it, the engine can read
formats that need to seek (Parquet), and an INSERT whose client dies half way inserts nothing.

chDB offers two other ways in, and both lose rows silently (seen with chDB 26.9): its streaming
INSERT reports success when a constraint, a materialized view or a limit refused the rows, and data
inside the text of a statement is cut where its bytes look like the end of a statement.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SpoolFolder:
    """The folder of the gateway's passing files."""

    def __init__(self, path: Path) -> None:
        """Create the folder, and empty it of what a killed gateway left."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        for left in path.iterdir():
            left.unlink()

    @contextmanager
    def hold(self, pieces: Iterator[bytes]) -> Iterator[str]:
        """Take all of the data, and keep it under the given path for as long as the block runs."""
        descriptor, path = tempfile.mkstemp(dir=self.path, suffix=".insert")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
            yield path
        finally:
            Path(path).unlink()
