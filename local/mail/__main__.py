"""How is the embedded relay run? `python -m local.mail --folder DIR --port N`, until stopped."""

import argparse
import asyncio
import signal
from pathlib import Path

from local.mail.relay import serve


async def _run(folder: Path, port: int) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with serve(folder, port, say=lambda line: print(line, flush=True)):  # noqa: T201
        await stopping.wait()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.mail", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where messages are written")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    options = parser.parse_args()
    asyncio.run(_run(options.folder, options.port))


if __name__ == "__main__":
    main()
