"""The command: ``python -m local.clickhouse --path DIR --port N``."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from local.clickhouse.engine import Engine
from local.clickhouse.folder_lock import FolderInUse, FolderLock
from local.clickhouse.gateway import Gateway

EXIT_FOLDER_IN_USE = 3
EXIT_PORT_IN_USE = 4
_GRACE_SECONDS = 30.0


def _bytes(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    unit = units.get(text[-1:].upper())
    return int(float(text[:-1]) * unit) if unit else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.clickhouse",
        description="An embedded ClickHouse behind ClickHouse's HTTP interface.",
    )
    parser.add_argument(
        "--path", type=Path, required=True, help="the data folder; one process owns it at a time"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=8123, help="the port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--password", default="", help="a password for the user 'default' (default: none)"
    )
    parser.add_argument(
        "--max-memory",
        type=_bytes,
        default=_bytes("2G"),
        help="memory that all queries may use (default: 2G)",
    )
    parser.add_argument(
        "--log-level",
        default="warning",
        choices=["debug", "info", "warning", "error"],
        help="what goes to stderr; debug names every request (default: %(default)s)",
    )
    return parser


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    arguments = _parser().parse_args()
    logging.basicConfig(
        level=arguments.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        with FolderLock(arguments.path):
            return _serve(arguments)
    except FolderInUse as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FOLDER_IN_USE


def _serve(arguments: argparse.Namespace) -> int:
    engine = Engine(arguments.path / "engine", _engine_options(arguments.max_memory))
    try:
        gateway = Gateway(
            (arguments.host, arguments.port), engine, arguments.path / "spool", arguments.password
        )
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {arguments.host}:{arguments.port}: {error.strerror}\n")
        return EXIT_PORT_IN_USE

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=gateway.stop, args=(_GRACE_SECONDS,), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host, port = gateway.server_address[:2]
    ready = {
        "event": "ready",
        "url": f"http://{host!s}:{port}",
        "version": engine.version,
        "path": str(arguments.path),
        "pid": os.getpid(),
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    gateway.serve_forever(poll_interval=gateway.poll_seconds)
    return 0


def _engine_options(max_memory: int) -> dict[str, str]:
    """Bound what the engine keeps: its own defaults are those of a machine given over to it."""
    cache = str(max_memory // 32)
    return {
        "max_server_memory_usage": str(max_memory),
        "mark_cache_size": cache,
        "index_mark_cache_size": cache,
        "primary_index_cache_size": cache,
        "parquet_metadata_cache_size": cache,
        "query_condition_cache_size": cache,
        "compiled_expression_cache_size": cache,
    }


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Past the interpreter's own ending, which would close the engine: see Engine.
    os._exit(code)
