"""How likely is a refused payment to be paid if it is tried again, at which hour? For recovery.

Not a facet of a transaction: recovery asks it before a try (`recovery.forecasting`), through
`ml.propensity.forecasting`. Refusals after which nothing is tried never reach it.
"""

from ml.facet import Scorer, Training
from ml.feature_queries import TRIES
from ml.propensity.model import NAME, from_artifact
from ml.propensity.training import RECIPE, train_own, train_shared

SCORER = Scorer(
    name=NAME,
    says="How likely a refused payment is to be paid if it is tried again, at which hour",
    version=RECIPE,
    card=(
        "A logistic model of the refusal's code, the number of tries, amount, tenure, and by the"
        " payer's own clock hour, weekday and day of month; its odds are calibrated on later tries."
        " The model for all is synthetic: it learned 4,600 retries that the sandbox generated, in"
        " which hours have no part, so it knows none. A workspace's own is trained from 500 retries"
        " on; it is given hours and days only if an off-policy estimate on its newest tries shows a"
        " gain over the fixed schedule. Refusals for good, and those that want the customer, are"
        " never tried, whatever it would say."
    ),
    trainings=(
        Training(
            "shared", "", train_shared, from_artifact, refresh_days=365, made_of=("propensity",)
        ),
        Training(
            "workspace",
            TRIES,
            train_own,
            from_artifact,
            needs="marts.fct_recovery_attempts.is_same_method",
            made_of=("propensity",),
        ),
    ),
)
