"""How do raw rows become an Arrow table? Payload bytes are joined once into its buffer.

A module of its own, because NumPy and Arrow take 40 MB: processes that wait for rows (worker, code
server) import it with the first.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from typing_extensions import Buffer

ARROW_SCHEMA = pa.schema(
    [
        pa.field("workspace_id", pa.string(), nullable=False),
        pa.field("connection_id", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("is_deleted", pa.uint8(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("extracted_at", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
    ]
)


def raw_rows(payloads: Sequence[Buffer], **columns: Sequence[object]) -> pa.Table:
    """Return rows of `payloads` and of the other columns, given by name."""
    sizes = np.fromiter((memoryview(item).nbytes for item in payloads), np.int32)
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    texts = pa.StringArray.from_buffers(
        len(sizes), pa.py_buffer(offsets), pa.py_buffer(b"".join(payloads))
    )
    arrays = [
        texts if field.name == "payload" else pa.array(columns[field.name], field.type)
        for field in ARROW_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=ARROW_SCHEMA)
