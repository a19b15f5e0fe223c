"""How is the sandbox started? `python -m sandbox --data DIR --port 4300 --seed 7 --scale 300 --until 2026-11-20`."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from sandbox.server import open_account, serve
from sandbox.stripe.generate import CompanySpec


def main() -> None:
    """Parse the command line, open the company, serve it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Wire-true provider sandboxes over one demo company.")
    parser.add_argument("--data", type=Path, required=True, help="folder for the company; reused when it holds the same one")
    parser.add_argument("--port", type=int, default=4300, help="port on 127.0.0.1 (0 picks a free one; default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="which company (default %(default)s)")
    parser.add_argument("--scale", type=int, default=300, help="customers, 1 to 1,000,000 (default %(default)s)")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2026, 11, 20), help="the company's last day, exclusive (default %(default)s)")
    parser.add_argument("--accounts", type=int, default=1, help="Stripe accounts, each with a company of its own (default %(default)s)")
    parser.add_argument("--event-days", type=int, default=30, help="how long events are remembered (default %(default)s)")
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    accounts = [
        open_account(options.data, CompanySpec(options.seed + number, options.scale, options.until, options.event_days), number + 1)
        for number in range(options.accounts)
    ]
    serve(accounts, options.port)


main()
