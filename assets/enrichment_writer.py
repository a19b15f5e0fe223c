"""How are findings written while others are found?"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import pyarrow as pa

from core.warehouse import Warehouse
from ml.tables import ENRICHMENTS


class Writer:
    """Writes findings of one facet while those of the next are found: the engine works meanwhile.

    One table is under way at a time. When the block ends everything is written, or has failed.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        """Take where to write."""
        self._warehouse = warehouse
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="enrichment-writer")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, findings: pa.Table) -> None:
        """Write rows once those before are written."""
        self._wait()
        if findings.num_rows:
            act = self._warehouse.insert_arrow
            self._under_way = self._pool.submit(act, ENRICHMENTS, findings)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what is under way; what went wrong before it goes first."""
        try:
            if kind is None:
                self._wait()
        finally:
            self._pool.shutdown()

    def _wait(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()
