"""When does a payer lose what they subscribe to? Told only where it is certain.

A subscription that was told to end ends then. Before a payment has failed, what was paid for ends
with its period. Afterwards it is the merchant who says how long they wait (`grace_days`); where
they have not, nobody can tell, and messages do not.
"""

from datetime import datetime, timedelta

from recovery.engine.episode import Terms
from recovery.engine.observing import Case
from recovery.flows.document import BEFORE_FAILURE


def access_ends_at(case: Case, terms: Terms, now: datetime) -> datetime | None:
    """Return the moment; None where it is not known, or over."""
    ends = case.told_to_end_at
    if ends is None and case.cause in BEFORE_FAILURE:
        ends = case.due_at
    if ends is None and case.subscription_id and terms.grace_days is not None and case.due_at:
        ends = case.due_at + timedelta(days=terms.grace_days)
    return ends if ends is not None and ends > now else None
