"""How is the sandbox started?

`python -m sandbox --data DIR --port 4300 --seed 7 --scale 300 --until 2026-11-20`.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.clock import Clock
from sandbox.server import open_account, serve
from sandbox.stripe.generate import CompanySpec


def main() -> None:
    """Parse the command line, open the companies, serve them."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Wire-true provider sandboxes over one demo company, on loopback.",
        epilog="Ready when one JSON line with the address and the keys appears on stdout; "
        "progress goes to stderr.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder for the company; reused when it holds the same one",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=4300,
        help="port on 127.0.0.1 (0 picks a free one; default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=7, help="which company (default %(default)s)")
    parser.add_argument(
        "--scale", type=int, default=300, help="customers, 1 to 1,000,000 (default %(default)s)"
    )
    parser.add_argument(
        "--until",
        type=date.fromisoformat,
        default=date(2026, 11, 20),
        help="the company's end, exclusive (default %(default)s)",
    )
    parser.add_argument(
        "--accounts",
        type=int,
        default=1,
        help="Stripe accounts, each with a company of its own (default %(default)s)",
    )
    parser.add_argument(
        "--event-days",
        type=int,
        default=30,
        help="how long events are remembered (default %(default)s)",
    )
    parser.add_argument(
        "--rps",
        type=int,
        default=None,
        help="requests a second per key before 429 (default: no limit; Stripe's own sandbox: 25)",
    )
    parser.add_argument(
        "--clock",
        type=datetime.fromisoformat,
        default=None,
        help="start the clock here (ISO; default: the real time)",
    )
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    specs = [
        CompanySpec(options.seed + number, options.scale, options.until, options.event_days)
        for number in range(options.accounts)
    ]
    accounts = [open_account(options.data, spec, number + 1) for number, spec in enumerate(specs)]
    starts_at = None
    if options.clock is not None:
        moment = options.clock if options.clock.tzinfo else options.clock.replace(tzinfo=UTC)
        starts_at = int(moment.timestamp())
    clock = Clock(at_least=specs[0].until_at, starts_at=starts_at)
    serve(accounts, options.port, clock, options.rps, options.seed)


if __name__ == "__main__":
    main()
