"""What did recovery bring the demo's company? From what it kept, and from the account's ledger.

The account on a test clock is a copy of the company's own: in a workspace beside the company's,
whose figures it would count twice.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from oppulence.demo_clock import Paid, ledger
from recovery.experiments.analysis import Comparison, analyse
from recovery.experiments.arms import Arm, Experiment
from recovery.experiments.units import Unit
from serving.recovery.experiment_queries import SETTLED

CLOCK = TenantId("ws_demo_clock")
ACCOUNT = "acct_1NorthwindClock"
EXPERIMENT = "soft_decline"
HELD_OUT = 33
_SHARES = (Arm("holdout", HELD_OUT * 100), Arm("flow", (100 - HELD_OUT) * 100))
_LASTS = timedelta(days=Experiment("any", _SHARES, "holdout").maturity_days)
_EPISODES = """
select e.subject_id, e.currency, e.amount_minor, e.recovered_minor, e.recovered_by, e.opened_at
from recovery_episodes e
join connections c on c.workspace_id = e.workspace_id and c.id = e.connection_id
where c.provider_account_id = %s order by e.opened_at, e.id
"""
_DRAWN = """
select a.unit, a.arm, a.stratum, a.assigned_at, a.connection_id, e.subject_id, e.currency,
    e.amount_minor
from recovery_assignments a
join recovery_episodes e on e.workspace_id = a.workspace_id and e.id = a.episode_id
join connections c on c.workspace_id = e.workspace_id and c.id = e.connection_id
where c.provider_account_id = %s and a.experiment = %s order by a.unit
"""
_DID = """
select a.kind, count(*) as number from recovery_actions a
join recovery_episodes e on e.workspace_id = a.workspace_id and e.id = a.episode_id
join connections c on c.workspace_id = e.workspace_id and c.id = e.connection_id
where c.provider_account_id = %s and a.state = 'done' and a.kind in ('retry', 'message')
group by a.kind
"""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of the failures.

    Attributes:
        cash: By currency and by whom it was won, episodes and amounts; `open` is what was not.
        lift: The flow against its holdout; None where no arm has anybody.
        by_engine: What each episode says was paid, by invoice.
        by_ledger: What the account's own ledger says was paid on the same invoices.
        drawn: Who was drawn into the experiment, and into which arm.
        settled_by_ledger: By arm and currency, what the ledger says had settled of them in time.
    """

    episodes: int
    retries: int
    messages: int
    folder: Path
    cash: list[dict[str, Any]]
    lift: Comparison | None
    by_engine: dict[str, int]
    by_ledger: dict[str, int]
    drawn: list[dict[str, Any]]
    settled_by_ledger: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return it for the demo's JSON."""
        return {
            "episodes": self.episodes,
            "retries": self.retries,
            "messages": self.messages,
            "messages_folder": str(self.folder),
            "cash": self.cash,
            "lift": self.lift and _lift_json(self.lift),
        }


def mail_folder(settings: Settings) -> Path:
    """Return where the demo's messages to payers lie."""
    return settings.data_dir / "recovery_mail"


def recovered(settings: Settings, tenant: TenantId) -> Recovered | None:
    """Return what came of it; None where the demo has not recovered anything yet."""
    database = Database.connect(settings, size=1)
    try:
        with database.tenant(tenant) as rows:
            episodes = rows.execute(_EPISODES, [ACCOUNT]).fetchall()
            drawn = rows.execute(_DRAWN, [ACCOUNT, EXPERIMENT]).fetchall()
            did = {row["kind"]: row["number"] for row in rows.execute(_DID, [ACCOUNT])}
    finally:
        database.close()
    if not episodes:
        return None
    paid = ledger(settings)
    known = {row["subject_id"] for row in episodes}
    return Recovered(
        episodes=len(episodes),
        retries=did.get("retry", 0),
        messages=did.get("message", 0),
        folder=mail_folder(settings),
        cash=_cash(episodes),
        lift=_lift(tenant, drawn, paid),
        by_engine={r["subject_id"]: r["recovered_minor"] for r in episodes if r["recovered_minor"]},
        by_ledger={invoice: paid[invoice].amount_minor for invoice in paid if invoice in known},
        drawn=drawn,
        settled_by_ledger=_by_arm(_units(drawn, paid)),
    )


def settled_by_marts(warehouse: Warehouse, tenant: TenantId, found: Recovered) -> dict[str, int]:
    """Return by arm and currency what had settled in time, as the experiment's page asks for it.

    A payment that the marts do not have is an arm of its own: `unknown`.
    """
    ids = sorted({row["subject_id"] for row in found.drawn})
    told = {
        (row["connection_id"], row["id"]): row
        for row in warehouse.tenant_rows(tenant, SETTLED, {"ids": ids})
    }
    settled: Counter[str] = Counter()
    for row in found.drawn:
        one = told.get((row["connection_id"], row["subject_id"]))
        if one is None:
            settled["unknown"] += 1
        elif one["settled_at"] and one["settled_at"] <= row["assigned_at"] + _LASTS:
            settled[f"{row['arm']} {row['currency']}"] += one["collected_minor"]
    return dict(settled)


def _cash(episodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    number: Counter[tuple[str, str]] = Counter()
    amount: Counter[tuple[str, str]] = Counter()
    for row in episodes:
        key = row["recovered_by"] or "open", row["currency"]
        number[key] += 1
        amount[key] += row["recovered_minor"] or row["amount_minor"]
    return [
        {"by": by, "currency": currency, "number": number[by, currency],
         "amount_minor": amount[by, currency]}
        for by, currency in sorted(number)
    ]  # fmt: skip


def _lift(
    tenant: TenantId, drawn: list[dict[str, Any]], paid: dict[str, Paid]
) -> Comparison | None:
    """Compare the arms by what the ledger says had settled within the time that outcomes take."""
    if not drawn:
        return None
    experiment = Experiment(f"{tenant}|{EXPERIMENT}", _SHARES, "holdout")
    units = _units(drawn, paid)
    as_of = max(unit.entered_at for unit in units) + _LASTS
    (compared,) = analyse(experiment, units, as_of=as_of).comparisons
    return compared


def _units(drawn: list[dict[str, Any]], paid: dict[str, Paid]) -> list[Unit]:
    units = []
    for row in drawn:
        one = paid.get(row["subject_id"])
        is_in_time = one is not None and one.settles_at <= row["assigned_at"] + _LASTS
        units.append(
            Unit(
                id=row["unit"], arm=row["arm"], stratum=row["stratum"],
                entered_at=row["assigned_at"], currency=row["currency"],
                at_risk_minor=row["amount_minor"],
                settled_minor=one.amount_minor if one is not None and is_in_time else 0,
            )
        )  # fmt: skip
    return units


def _by_arm(units: list[Unit]) -> dict[str, int]:
    settled: Counter[str] = Counter()
    for unit in units:
        if unit.is_recovered:
            settled[f"{unit.arm} {unit.currency}"] += unit.settled_minor
    return dict(settled)


def _lift_json(one: Comparison) -> dict[str, Any]:
    return {
        "verdict": one.verdict,
        "reason": one.reason,
        "flow": {"units": one.treated.units, "recovered": one.treated.recovered},
        "holdout": {"units": one.control.units, "recovered": one.control.recovered},
        "rate_difference": round(one.single_look.estimate, 4),
        "interval_95": [round(one.single_look.lower, 4), round(one.single_look.upper, 4)],
    }
