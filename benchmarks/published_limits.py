"""Did anybody ask a provider more than it publishes? Read from the sandbox's counters.

The sandbox refuses with 429 what is beyond a limit that it simulates; peaks are compared besides,
so that a limit which it does not enforce is kept as well.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.plaid.pace import PER_MINUTE as PLAID_PER_MINUTE

# Of one credential (a key, an Item, a tenant, a company): peak name to the most that is published.
PUBLISHED: Mapping[str, Mapping[str, int]] = {
    "stripe": {"peak_per_second": 25},  # of a key in test mode; 100 live
    "xero": {"peak_per_minute": 60, "peak_under_way": 5, "peak_successes_per_day": 5_000},
    "quickbooks": {"peak_per_minute": 500, "peak_per_second": 10},
}


def breaches(provider: str, counters: Mapping[str, Any]) -> list[str]:
    """Return what went beyond a limit, in words."""
    found = []
    for credential, meter in counters["providers"][provider]["by_credential"].items():
        found += [f"{credential}: 429 ×{n}" for s, n in meter["by_status"].items() if s == "429"]
        for name, most in PUBLISHED.get(provider, {}).items():
            if credential and meter[name] > most:
                found.append(f"{credential}: {name} {meter[name]} of {most}")
        if provider == "plaid" and credential:
            found += [
                f"{credential}: {path} {part['peak_per_minute']} a minute of {most[0]}"
                for path, most in PLAID_PER_MINUTE.items()
                if (part := meter["by_path"].get(f"POST {path}"))
                and part["peak_per_minute"] > most[0]
            ]
    return found
