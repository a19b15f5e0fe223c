"""What is known of a try before it is made? Rows of tries as features, by the payer's own clock.

A row is a retry: the same method, asked again after a refusal. Its columns are `COLUMNS`; rows of
the marts (`ml.feature_queries.TRIES`), of the sandbox and of an episode are the same here.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl
from babel.core import get_global

from core.money import exponent

Floats = npt.NDArray[np.float64]

COLUMNS: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "decline_code": pl.String(),
    "attempt_number": pl.Int64(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "country": pl.String(),
    "customer_since": pl.Datetime("ms", "UTC"),
    "attempted_at": pl.Datetime("ms", "UTC"),
    "is_paid": pl.Boolean(),
}
# Codes with a weight of their own; the rest share one.
CODES = (
    "insufficient_funds", "generic_decline", "do_not_honor", "expired_card", "processing_error",
    "card_velocity_exceeded", "incorrect_cvc", "try_again_later", "issuer_not_available",
    "withdrawal_count_limit_exceeded",
)  # fmt: skip
# What waits for money to come: these alone have hours and days of their own.
OF_FUNDS = frozenset({"insufficient_funds", "withdrawal_count_limit_exceeded"})
MOST_ATTEMPTS = 6
# Where most people live, of countries with several zones.
_MAIN_ZONES = {
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta", "KZ": "Asia/Almaty", "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "RU": "Europe/Moscow",
    "UA": "Europe/Kiev", "US": "America/New_York",
}  # fmt: skip


@lru_cache(maxsize=300)
def zone_of_country(country: str) -> ZoneInfo | None:
    """Return the zone in which most of a country lives; None for none known.

    Examples
    --------
    >>> zone_of_country("US").key, zone_of_country("FR").key, zone_of_country("")
    ('America/New_York', 'Europe/Paris', None)
    """
    zones = get_global("territory_zones").get(country.upper(), [])
    name = _MAIN_ZONES.get(country.upper(), zones[0] if len(zones) == 1 else None)
    return ZoneInfo(name) if name else None


def clocks(moments: pl.Series, countries: pl.Series) -> list[datetime]:
    """Return each moment as the payer's clock shows it; UTC where the country is not known."""
    return [
        at.astimezone(zone_of_country(country or "") or UTC)
        for at, country in zip(moments, countries, strict=True)
    ]


def features(tries: pl.DataFrame, local: list[datetime] | None) -> Floats:
    """Return one row of numbers per try.

    Parameters
    ----------
    tries
        Columns as `COLUMNS`; `is_paid` is not looked at.
    local
        When each is made, on the payer's clock; None to leave hours and days out.
    """
    code = tries["decline_code"].fill_null("").to_list()
    known = np.array([[each == name for name in CODES] for each in code], np.float64)
    attempt = np.clip(tries["attempt_number"].to_numpy(), 2, MOST_ATTEMPTS)[:, None]
    number = (attempt == np.arange(2, MOST_ATTEMPTS + 1)).astype(np.float64)
    parts = [known.reshape(len(code), len(CODES)), number, _size(tries)]
    return np.hstack(parts if local is None else [*parts, _times(local, code)])


def _size(tries: pl.DataFrame) -> Floats:
    """Amount in whole units and tenure in days, as logarithms; whether the tenure is known."""
    scale = [10 ** -exponent(code) for code in tries["currency"]]
    amount = np.log10(1 + tries["amount_minor"].to_numpy() * np.array(scale, np.float64))
    days = (
        (tries["attempted_at"] - tries["customer_since"]).dt.total_days().cast(pl.Float64)
    ).fill_null(-1.0).to_numpy()  # fmt: skip
    tenure = np.log10(1 + np.maximum(days, 0.0))
    return np.column_stack([amount - 2, np.where(days < 0, 0.0, tenure - 2), days < 0])


def _times(local: list[datetime], code: list[str]) -> Floats:
    """Hour, weekday and day of month as smooth cycles; for refusals of funds once more."""
    hour = np.array([at.hour + at.minute / 60 for at in local], np.float64) / 24
    day = np.array([at.day for at in local], np.float64) / 31
    week = np.array([at.weekday() for at in local], np.float64) / 7
    turns = [(hour, 1), (hour, 2), (day, 1), (day, 2), (day, 3), (week, 1), (week, 2)]
    angles = [2 * np.pi * times * part for part, times in turns]
    cycles = np.column_stack([turn(angle) for angle in angles for turn in (np.sin, np.cos)])
    of_funds = np.array([each in OF_FUNDS for each in code], np.float64)[:, None]
    return np.hstack([cycles, cycles * of_funds])
