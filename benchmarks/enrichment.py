"""How fast is enrichment? Training, batch scoring, one row, and the model's size.

On a generated workspace of 20,000 coded purchases; one thread of learning and scoring.
"""

import random
import statistics
import time
from datetime import date, timedelta

import polars as pl

from benchmarks.report import report
from ml.ledger_account import predict, train
from ml.ledger_account.model import from_artifact
from ml.merchants import merchant

HISTORY, BATCH, SINGLE = 20_000, 50_000, 60


def purchases(rows: int, seed: int, start: date) -> pl.DataFrame:
    """Generate purchases of two years at 800 merchants, coded to 60 accounts with some noise."""
    draw = random.Random(seed)
    merchants = [f"shop {draw.randint(10**5, 10**6)} {chr(97 + i % 26)}mart" for i in range(800)]
    chosen = [draw.randrange(800) for _ in range(rows)]
    return pl.DataFrame(
        {
            "provider": ["generated"] * rows,
            "merchant": [f"{merchants[i]} {draw.randint(100, 120)}" for i in chosen],
            "amount_minor": [-draw.randint(100, 90_000) for _ in chosen],
            "booked_on": [start + timedelta(days=draw.randrange(720)) for _ in chosen],
            "unit": [f"unit {draw.randrange(8)}" for _ in chosen],
            "account": [f"account {(i if draw.random() < 0.8 else i + 7) % 60}" for i in chosen],
        }
    )


def main() -> None:
    """Measure and report."""
    history = purchases(HISTORY, 1, date(2022, 1, 1))
    started = time.monotonic()
    model = train(history)
    seconds = time.monotonic() - started
    report(
        "enrichment.train", round(seconds, 1), "s", peer="limit 300 s", ratio=None,
        goal="training from scratch under 5 minutes", met=seconds < 300,
    )  # fmt: skip
    artifact = model.to_artifact()
    megabytes = len(artifact.content) / 2**20
    report(
        "enrichment.artifact", round(megabytes, 1), "MB", peer="limit 100 MB", ratio=None,
        goal="model files under 100 MB", met=megabytes < 100,
    )  # fmt: skip
    model = from_artifact(artifact.content, artifact.sha256)
    batch = purchases(BATCH, 2, date(2024, 1, 1)).drop("account")
    for name, score in (("ledger_account", lambda: predict(model, batch)),
                        ("merchant", lambda: merchant(batch))):  # fmt: skip
        started = time.monotonic()
        score()
        speed = BATCH / (time.monotonic() - started)
        report(
            f"enrichment.{name}.batch", round(speed), "rows/s", peer="limit 50000 rows/s",
            ratio=None, goal="at least 50,000 rows/s", met=speed >= 50_000,
        )  # fmt: skip
    times = []
    for row in range(SINGLE):
        started = time.monotonic()
        predict(model, batch[row : row + 1])
        times.append(1000 * (time.monotonic() - started))
    median = statistics.median(times)
    report(
        "enrichment.ledger_account.single", round(median, 2), "ms p50", peer="limit 15 ms",
        ratio=None, goal="one row under 15 ms", met=median < 15,
    )  # fmt: skip


if __name__ == "__main__":
    main()
