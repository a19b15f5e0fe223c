"""How is the sandbox started?

`python -m sandbox --data DIR --port 4300 --seed 7 --scale 300 --until 2026-11-20`.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.server import open_account, serve
from sandbox.stripe.generate import CompanySpec

DEFAULTS: dict[str, Any] = {
    "seed": 7, "scale": 300, "until": date(2026, 11, 20), "metered": False,
}  # fmt: skip


def remembered(
    folder: Path,
    seed: int | None,
    scale: int | None,
    until: date | None,
    metered: bool | None = None,
) -> dict[str, Any]:
    """Return what is asked for, else what the folder's company was made from; keeps it there."""
    note = folder / "company.json"
    known = dict(DEFAULTS)
    if note.exists():
        held = json.loads(note.read_text())
        known |= {**held, "until": date.fromisoformat(held["until"])}
    asked = {"seed": seed, "scale": scale, "until": until, "metered": metered}
    known |= {name: value for name, value in asked.items() if value is not None}
    note.write_text(json.dumps({**known, "until": known["until"].isoformat()}))
    return known


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
    kept = "default: as the folder has it, else %s"
    parser.add_argument("--seed", type=int, help=f"which company ({kept % DEFAULTS['seed']})")
    parser.add_argument(
        "--scale", type=int, help=f"customers, 1 to 1,000,000 ({kept % DEFAULTS['scale']})"
    )
    parser.add_argument(
        "--until",
        type=date.fromisoformat,
        help=f"the company's end, exclusive ({kept % DEFAULTS['until']})",
    )
    parser.add_argument(
        "--metered",
        action=argparse.BooleanOptionalAction,
        help="whether some customers pay for API calls by use (default: as the folder has it, "
        "else no)",
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
    chosen = remembered(options.data, options.seed, options.scale, options.until, options.metered)
    specs = [
        CompanySpec(
            chosen["seed"] + number,
            chosen["scale"],
            chosen["until"],
            options.event_days,
            chosen["metered"],
        )
        for number in range(options.accounts)
    ]
    accounts = [open_account(options.data, spec, number + 1) for number, spec in enumerate(specs)]
    starts_at = None
    if options.clock is not None:
        moment = options.clock if options.clock.tzinfo else options.clock.replace(tzinfo=UTC)
        starts_at = int(moment.timestamp())
    clock = Clock(at_least=specs[0].until_at, starts_at=starts_at)
    serve(accounts, options.port, clock, options.rps, chosen["seed"], options.data)


if __name__ == "__main__":
    main()
