"""Is a retry's chance what it is said to be, and does the off-policy estimate hold the truth?"""

import gzip
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import polars as pl
import pytest

from benchmarks.propensity import MORNINGS, covered, rows
from core.errors import ForbiddenError
from ml.propensity.choosing import FIXED_HOUR
from ml.propensity.model import from_artifact
from ml.propensity.off_policy import BLOCKS, Log, compare
from ml.propensity.training import ROWS, judge, learn, sandbox_tries, train_own, train_shared
from ml.propensity.tries import COLUMNS, clocks
from sandbox.company.tries import retries

NOTHING = pl.DataFrame()
UNTIL = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def shared():
    trained = train_shared(NOTHING, NOTHING)
    return trained, from_artifact(trained.artifact.content, trained.artifact.sha256)


def made_up(number: int, mornings: tuple[float, ...], seed: int = 3) -> pl.DataFrame:
    """Tries of a French card whose chance is 0.3 times what its block of four hours does."""
    chance = np.random.default_rng(seed)
    begins = datetime(2025, 1, 1, tzinfo=UTC)
    found = []
    for place in range(number):
        at = begins + timedelta(hours=int(place * 5 + chance.integers(0, 5)))
        (local,) = clocks(pl.Series([at]), pl.Series(["FR"]))
        is_paid = chance.random() < 0.3 * mornings[local.hour // 4]
        found.append(("stripe", "insufficient_funds", 2 + place % 3, 4900, "EUR", "FR", begins, at,
                      is_paid))  # fmt: skip
    return pl.DataFrame(found, schema=COLUMNS, orient="row")


def test_the_packages_rows_are_what_the_sandbox_generates():
    kept = gzip.decompress(ROWS.read_bytes()).decode().splitlines()[1:]
    made = [",".join(map(str, row)) for row in islice(rows(10_000), 60)]
    assert kept[:60] == made


def test_the_shared_models_chances_are_the_sandboxs_own(shared):
    """On customers that it has not seen, whose every retry's true chance is known."""
    trained, model = shared
    past = list(retries(5, 2_000, UNTIL - 548 * 86_400, UNTIL))
    frame = pl.DataFrame(
        [
            ("stripe", one.decline_code, one.attempt_number, one.amount_minor, one.currency,
             one.country, datetime.fromtimestamp(one.customer_since, UTC),
             datetime.fromtimestamp(one.attempted_at, UTC), one.is_paid)
            for one in past
        ],
        schema=COLUMNS, orient="row",
    )  # fmt: skip
    said, truth = model.chances(frame), np.array([one.chance for one in past])
    assert len(past) > 500
    assert abs(said.mean() - truth.mean()) < 0.02
    assert np.abs(said - truth).mean() < 0.05
    assert trained.measures["synthetic"] is True
    assert trained.measures["expected_calibration_error"] < 0.05
    assert trained.measures["log_loss"] < trained.measures["log_loss_base"]


def test_the_shared_model_knows_no_hours(shared):
    _, model = shared
    known = sandbox_tries()[:50]
    later = known.with_columns(pl.col("attempted_at") + pl.duration(hours=7))
    assert (model.chances(known) == model.chances(later)).all()
    assert not model.is_timed


def test_training_twice_gives_the_same_model(shared):
    trained, _ = shared
    again = train_shared(NOTHING, NOTHING)
    assert (again.version, again.score) == (trained.version, trained.score)


@pytest.mark.parametrize("mornings", [(1.0,) * BLOCKS, MORNINGS], ids=["sandbox", "mornings"])
def test_intervals_hold_a_known_truth_as_often_as_they_say(mornings):
    """95 % of 200: with two standard errors to each side 184 to 196."""
    held = covered(200, 1_500, mornings)
    assert all(184 <= number <= 197 for number in held.values()), held


def test_an_estimate_is_the_hand_computed_one():
    """Two tries in block 2, two in block 5, each chosen half the time but for the extra count."""
    log = Log(
        stratum=np.zeros(4, np.int64), block=np.array([2, 2, 5, 5]),
        paid=np.array([1.0, 0.0, 1.0, 1.0]), guess=np.full((4, BLOCKS), 0.5),
    )  # fmt: skip
    found = compare(log, np.full(4, 5), np.full(4, 2))
    # Share of a block that was chosen twice: (2 + 1) / (4 + 6) = 0.3, so a weight of 10/3.
    assert found.model.value == pytest.approx((4 * 0.5 + 10 / 3 * (0.5 - 0.5)) / 4)
    assert found.fixed.value == pytest.approx((4 * 0.5 + 10 / 3 * (0.5 + 0.5)) / 4)
    assert found.difference.value == pytest.approx(-10 / 12)


def test_hours_are_learned_where_they_are_shown_to_matter():
    strong = (0.3, 0.3, 1.0, 2.6, 1.0, 0.3)
    trained = train_own(made_up(2_500, strong), NOTHING)
    assert trained is not None
    model = from_artifact(trained.artifact.content, trained.artifact.sha256)
    assert model.is_timed
    gain = trained.measures["off_policy"]["difference"]
    # From nine o'clock (0.3 × 1.0) to the afternoon (0.3 × 2.6), for whoever is moved there.
    assert 0 < gain["low"] < 0.48 < gain["high"]
    at = datetime(2025, 3, 3, 11, 30, tzinfo=UTC)  # half past twelve in Paris
    tries = made_up(1, strong).with_columns(pl.lit(at).cast(COLUMNS["attempted_at"])
                                            .alias("attempted_at"))  # fmt: skip
    noon = model.chances(tries)[0]
    night = model.chances(tries, [at.replace(hour=1)])[0]
    assert noon > 2 * night


def test_hours_are_not_learned_where_they_do_not_matter():
    trained = train_own(
        pl.concat([
            made_up(1_500, (1.0,) * BLOCKS),
            made_up(1_500, (0.2,) * BLOCKS, seed=9).with_columns(
                pl.lit("do_not_honor").alias("decline_code")),
        ]),
        NOTHING,
    )  # fmt: skip
    assert trained is not None
    assert trained.measures["hours_matter"] is False


def test_too_few_tries_make_no_model_of_ones_own():
    assert train_own(made_up(400, MORNINGS), NOTHING) is None
    nothing_paid = made_up(900, (0.0,) * BLOCKS)
    assert train_own(nothing_paid, NOTHING) is None


def test_rows_of_a_forbidden_provider_are_refused():
    foreign = made_up(600, MORNINGS).with_columns(pl.lit("xero").alias("provider"))
    with pytest.raises(ForbiddenError):
        learn(foreign, is_timed=False, is_synthetic=False)


def test_a_model_without_hours_is_judged_as_the_fixed_schedule(shared):
    _, model = shared
    found = judge(model, sandbox_tries()[-400:])
    assert found.fixed == found.model
    assert (found.difference.value, found.difference.low, found.difference.high) == (0, 0, 0)
    assert 0 <= FIXED_HOUR < 24
