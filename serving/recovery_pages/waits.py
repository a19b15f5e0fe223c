"""How does a wait of a flow read to a person? `2 days`, `until 09:00 on mon`, `until payday`."""

from recovery.flows.waits import WEEKDAYS, Duration, LocalTime, Payday


def waited(until: Duration | LocalTime | Payday) -> str:
    """Return what is waited for, in words."""
    if isinstance(until, Duration):
        return lasting(until) or "no time at all"
    after = lasting(until.after)
    later = f", {after} from now at the earliest" if after else ""
    if isinstance(until, Payday):
        days = ", ".join(str(day) for day in until.days_of_month)
        return f"until payday (day {days} of the month, at {until.hour:02}:00){later}"
    days = "" if until.weekdays == WEEKDAYS else f" on {', '.join(until.weekdays)}"
    return f"until {until.hour:02}:{until.minute:02} of the customer's clock{days}{later}"


def lasting(length: Duration) -> str:
    """Return a length of time: `2 days, 1 hour`; empty for none."""
    parts = (("day", length.days), ("hour", length.hours), ("minute", length.minutes))
    return ", ".join(f"{number} {unit}{'' if number == 1 else 's'}" for unit, number in parts
                     if number)  # fmt: skip
