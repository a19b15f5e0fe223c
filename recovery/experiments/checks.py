"""Was the experiment carried out as it was designed? Checks that must pass before it is read.

    sample ratio   as many customers in each arm as the shares say; a test that fails here means
                   that customers were lost on the way, and no estimate can be trusted
    balance        what was at risk before anything was done differs by chance alone
    a/a            in the first phase, where every arm is treated alike, nothing differs

They are looked at every day, so each fails at one in a thousand, as is the custom for ratios.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recovery.experiments.arms import WHOLE, Experiment
from recovery.experiments.units import Unit, tally

LEVEL = 0.001
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found; `p_value` is None where there is too little to check."""

    name: str
    p_value: float | None
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the experiment may be read; too little to check is no failure."""
        return self.p_value is None or self.p_value >= LEVEL


def sample_ratio(experiment: Experiment, units: Sequence[Unit]) -> Check:
    """Compare the arms' sizes with their shares, over everyone who was assigned."""
    counts = Counter(unit.arm for unit in units)
    observed = [counts[arm.name] for arm in experiment.arms]
    expected = [len(units) * arm.share / WHOLE for arm in experiment.arms]
    strangers = len(units) - sum(observed)
    if strangers:
        return Check("sample_ratio", 0.0, f"{strangers} customers are in no arm of the experiment")
    detail = ", ".join(
        f"{arm.name} {have} of {want:.0f} expected"
        for arm, have, want in zip(experiment.arms, observed, expected, strict=True)
    )
    if min(expected) < 5:
        return Check("sample_ratio", None, f"too few yet: {detail}")
    from scipy import stats  # where it is used: 50 MB

    return Check("sample_ratio", float(stats.chisquare(observed, expected).pvalue), detail)


def balance(experiment: Experiment, units: Sequence[Unit]) -> Check:
    """Compare what was at risk between the arms, by rank, in the currency that differs most."""
    worst: tuple[float, str] | None = None
    currencies = sorted({unit.currency for unit in units})
    for currency in currencies:
        groups = [
            [u.at_risk_minor for u in units if u.arm == arm.name and u.currency == currency]
            for arm in experiment.arms
        ]
        if min(map(len, groups)) < FEWEST or len({amount for g in groups for amount in g}) < 2:
            continue
        from scipy import stats  # where it is used: 50 MB

        p_value = float(stats.kruskal(*groups).pvalue)
        if worst is None or p_value < worst[0]:
            worst = p_value, currency
    if worst is None:
        return Check("balance", None, "too few yet in any one currency")
    # The smallest of several is smaller than one by chance: Bonferroni.
    adjusted = min(1.0, worst[0] * len(currencies))
    return Check("balance", adjusted, f"amounts at risk in {worst[1]} differ most")


def a_a(experiment: Experiment, units: Sequence[Unit]) -> Check:
    """Compare recovery between the arms over matured customers who were all treated alike."""
    arms = [tally([unit for unit in units if unit.arm == arm.name]) for arm in experiment.arms]
    table = np.array([[arm.recovered for arm in arms], [arm.lost for arm in arms]])
    if min(arm.units for arm in arms) < FEWEST or not table.any(axis=1).all():
        return Check("a_a", None, "too few customers of the first phase have matured")
    from scipy import stats  # where it is used: 50 MB

    p_value = float(stats.chi2_contingency(table, correction=False).pvalue)
    detail = ", ".join(
        f"{arm.name} {counted.rate:.1%}" for arm, counted in zip(experiment.arms, arms, strict=True)
    )
    return Check("a_a", p_value, detail)
