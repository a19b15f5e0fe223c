"""The command: ``python -m local.clickhouse --path DIR --port N``."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from local.clickhouse.engine import Engine
from local.clickhouse.folder_lock import FolderInUse, FolderLock
from local.clickhouse.server import GatewayServer

EXIT_FOLDER_IN_USE = 3
EXIT_PORT_IN_USE = 4
_DRAIN_SECONDS = 30.0


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
    return parser


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    arguments = _parser().parse_args()
    try:
        with FolderLock(arguments.path):
            return _serve(arguments)
    except FolderInUse as error:
        print(error, file=sys.stderr)
        return EXIT_FOLDER_IN_USE


def _serve(arguments: argparse.Namespace) -> int:
    engine = Engine(
        arguments.path / "engine",
        {"max_server_memory_usage": str(arguments.max_memory), "mark_cache_size": str(64 << 20)},
    )
    try:
        server = GatewayServer((arguments.host, arguments.port), engine, arguments.password)
    except OSError as error:
        print(
            f"Cannot listen on {arguments.host}:{arguments.port}: {error.strerror}", file=sys.stderr
        )
        return EXIT_PORT_IN_USE

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=_stop, args=(server,), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host, port = server.server_address[:2]
    ready = {
        "event": "ready",
        "url": f"http://{host!s}:{port}",
        "version": engine.version,
        "path": str(arguments.path),
    }
    print(json.dumps(ready), flush=True)
    server.serve_forever(poll_interval=0.5)
    server.running.close()
    engine.close()
    return 0


def _stop(server: GatewayServer) -> None:
    server.drain(_DRAIN_SECONDS)
    server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
