"""Whose clock counts, and is it a quiet hour on it?"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recovery.engine.episode import Episode, Terms
from recovery.flows.document import QuietHours


def zone_of(episode: Episode, terms: Terms) -> ZoneInfo:
    """Return the customer's zone where it is known, else the one that the settings name."""
    named = episode.facts.get("timezone")
    return (zone_named(named) if isinstance(named, str) else None) or terms.zone


@lru_cache(maxsize=1000)
def zone_named(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def quiet_until(quiet: QuietHours, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours end that it is now; None where it is none of them."""
    local = now.astimezone(zone)
    start, ends, hour = quiet.start_hour, quiet.end_hour, local.hour
    is_quiet = start <= hour < ends if start <= ends else hour >= start or hour < ends
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=int(hour >= ends))
    return datetime.combine(day, time(ends), zone).astimezone(UTC)
