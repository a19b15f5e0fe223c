"""Which metrics of failed payments are saved? Of episodes, attempts, and what was lost for good.

An episode is an invoice (or a payment without one) from its first failure to what became of it.
Recovered money counts on the day on which it settles. Definitions: docs/metrics.md.
"""

from serving.metrics.registry import Metric, catalog

EPISODES = "marts.fct_recovery_episodes"
ATTEMPTS = "marts.fct_recovery_attempts"

_REFUSED = {
    "decline_code": "decline_code", "reason": "reason", "severity": "severity",
    "is_retriable": "is_retriable", "amount_band": "amount_band", "plan": "plan",
    "interval": "interval", "country": "country", "method": "method", "hour": "opened_hour",
    "weekday": "opened_weekday",
}  # fmt: skip
_TRIED = {
    "attempt_number": "attempt_number", "hour": "attempted_hour", "weekday": "attempted_weekday",
    "country": "country", "method": "method", "previous_decline_code": "previous_decline_code",
}  # fmt: skip
_OPENED = "toDate(opened_at)"
_IS_SETTLED = "settled_at <= now64(3, 'UTC')"

# Owed from the first failure until it was collected or given up. Of what is open, a part that was
# paid or credited since is left out from the first day on: when it was is not in the mart.
_AT_RISK = """(
    select *, arrayJoin(arrayFilter(step -> step.1 is not null, [
            (toNullable(toDate(opened_at)), if(outcome = 'open', at_risk_minor, amount_minor)),
            (toDate(multiIf(outcome = 'recovered', greatest(recovered_at, opened_at),
                outcome = 'lost', ifNull(lost_at, last_failed_at), null)), -amount_minor)
        ])) as step,
        assumeNotNull(step.1) as moved_on, step.2 as delta_minor
    from marts.fct_recovery_episodes final
)"""

METRICS = catalog(
    Metric(
        "episodes", "Invoices and payments whose collection failed for the first time.", "count",
        "flow", EPISODES, "1", _OPENED, dimensions=_REFUSED | {"outcome": "outcome"},
    ),
    Metric(
        "failed_amount", "What was to be collected by them.", "money", "flow", EPISODES,
        "amount_minor", _OPENED, dimensions=_REFUSED | {"outcome": "outcome"},
    ),
    Metric(
        "recovered_amount", "What was collected after all, less what went back of it, on the day on"
        " which it settles.", "money", "flow", EPISODES, "recovered_minor",
        "toDate(assumeNotNull(settled_at))", where="recovered_minor > 0 and settled_at is not null",
        dimensions=_REFUSED | {"recovered_by_attempt": "recovered_by_attempt"},
    ),
    Metric(
        "recovery_rate", "Of the episodes that began in the interval, the share whose money has"
        " settled by now and stayed. Young ones are still open: compare intervals that are over for"
        " long.", "ratio", "flow", EPISODES,
        f"outcome = 'recovered' and recovered_minor > 0 and {_IS_SETTLED}", _OPENED, "1",
        dimensions=_REFUSED, of="count",
    ),
    Metric(
        "recovered_share", "The same by amount.", "ratio", "flow", EPISODES,
        f"if({_IS_SETTLED}, recovered_minor, 0)", _OPENED, "amount_minor", dimensions=_REFUSED,
    ),
    Metric(
        "retry_success", "Of the attempts after a refusal that were made in the interval, the share"
        " that collected the money.", "ratio", "flow", ATTEMPTS, "outcome = 'succeeded'",
        "toDate(attempted_at)", "1", where="is_retry and outcome != 'pending'", dimensions=_TRIED,
        of="count",
    ),
    Metric(
        "cash_at_risk", "Failed and neither collected nor given up at the interval's end.", "money",
        "stock", EPISODES, "delta_minor", "moved_on", source=_AT_RISK, dimensions=_REFUSED,
    ),
    Metric(
        "involuntary_churn", "MRR that was lost because money did not come.", "money", "flow",
        "marts.fct_mrr_movements", "-delta_minor", "moved_on", where="is_involuntary",
        dimensions={"kind": "kind"},
    ),
    Metric(
        "involuntary_share", "Share of the MRR lost to churn that was lost because money did not"
        " come.", "ratio", "flow", "marts.fct_mrr_movements", "if(is_involuntary, -delta_minor, 0)",
        "moved_on", "-delta_minor", where="kind = 'churn'",
    ),
)  # fmt: skip
