"""What does a refusal mean? The taxonomy that dbt seeds, read from the same file.

The seed is the one table of codes (`dbt/seeds/decline_codes.csv`); this module only reads it. An
advice beside a decline code goes before it where it forbids; an unknown code is a generic decline.
"""

import csv
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from core.errors import ConfigurationError

DeclineClass = Literal["soft", "hard", "action_needed", "none"]
_SEED = Path("seeds") / "decline_codes.csv"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What follows from a refusal.

    Attributes:
        reason: The taxonomy's word: funds, issuer, card_data, …
        decline_class: `hard`: this method will not be approved again; `action_needed`: only the
            customer can help; `soft`: the same method may be tried again.
        wait: How long the network asks to wait first.
    """

    reason: str
    decline_class: DeclineClass
    wait: timedelta = timedelta(0)

    @property
    def may_retry(self) -> bool:
        """Whether the same method may be tried again without anybody's doing."""
        return self.decline_class in ("soft", "none")


NOTHING = Meaning("", "none")
GENERIC = Meaning("issuer", "soft")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in the provider's and the network's own words; empty where they said nothing."""

    decline_code: str = ""
    advice_code: str = ""
    network: str = ""
    network_advice_code: str = ""


@dataclass(frozen=True, slots=True)
class Declines:
    """The taxonomy, by (who speaks, vocabulary, code)."""

    meanings: dict[tuple[str, str, str], Meaning]

    def meaning(self, refusal: Refusal, provider: str = "stripe") -> Meaning:
        """Return what a refusal means; the strictest of code and advices decides the class."""
        said = [
            self.meanings.get((provider, "decline_code", refusal.decline_code), GENERIC),
            self.meanings.get((provider, "advice_code", refusal.advice_code)),
            self.meanings.get(
                (refusal.network, "network_advice_code", refusal.network_advice_code)
            ),
        ]
        first, *advices = [one for one in said if one is not None]
        strictest = first
        for advice in advices:
            if _STRICTNESS[advice.decline_class] > _STRICTNESS[strictest.decline_class]:
                strictest = advice
        longest = max((one.wait for one in (first, *advices)), default=timedelta(0))
        reason = first.reason if refusal.decline_code else strictest.reason
        return Meaning(reason, strictest.decline_class, longest)


_STRICTNESS = {"none": 0, "soft": 1, "action_needed": 2, "hard": 3}


@lru_cache(maxsize=4)
def load_declines(dbt_project: Path) -> Declines:
    """Read the taxonomy of a dbt project.

    Raises:
        ConfigurationError: The seed is not there.
    """
    try:
        with (dbt_project / _SEED).open(newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{_SEED} is missing.", next_step="Set OPPULENCE_DBT_PROJECT_DIR to the dbt project."
        ) from None
    return Declines(
        {(row["provider"], row["vocabulary"], row["code"]): _meaning(row) for row in rows}
    )


def _meaning(row: dict[str, str]) -> Meaning:
    is_retriable = row["is_retriable"] == "true"
    needs_customer = row["needs_customer_action"] == "true"
    decline_class: DeclineClass = "soft"
    if row["reason"] == "authentication" and not is_retriable:
        decline_class = "action_needed"  # the method is good: its holder must confirm
    elif row["severity"] == "hard":
        decline_class = "hard"
    elif not is_retriable:
        decline_class = "action_needed" if needs_customer else "hard"
    return Meaning(row["reason"], decline_class, timedelta(hours=int(row["wait_hours"] or 0)))
