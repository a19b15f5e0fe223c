"""What did the demo find in the warehouse, and does the company's own book-keeping agree?

Every figure is read twice by independent paths: from the warehouse, as an analyst would, and from
the books that the sandbox keeps of the facts behind what it shows. Amounts are minor units.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence import demo_ledger
from oppulence.demo_banks import (
    COMPARED_ENTRIES,
    ENTRIES,
    balances_and_lines,
    bank_accounts,
    entries,
    once,
    real_accounts,
    true_balances_and_lines,
    true_entries,
)
from oppulence.demo_recovered import CLOCK, Recovered, recovered, settled_by_marts
from oppulence.demo_sandbox import CompanySandbox
from orchestration.outcomes import CheckVerdict, RunOutcome
from pipelines.raw import RawTable
from pipelines.registry import raw_tables

TRANSACTIONS = TenantQuery(
    "select provider, type, status, currency, count() as number, sum(amount_minor) as amount_minor"
    " from unified.transactions final where provider = 'stripe'"
    " group by provider, type, status, currency order by type, status, currency"
)
BALANCES = TenantQuery(
    "select currency, sum(net_minor) as amount_minor from unified.balance_transactions final"
    " group by currency order by currency"
)
MRR = TenantQuery(
    "select currency, count() as customers, sum(mrr_minor) as amount_minor from ("
    "select currency, customer_id, sum(delta_minor) as mrr_minor"
    " from marts.fct_mrr_movements final group by currency, customer_id having mrr_minor <> 0"
    ") group by currency order by currency"
)
MRR_CHANGES = TenantQuery(
    "select currency, moved_on, sum(delta_minor) as change_minor"
    " from marts.fct_mrr_movements final group by currency, moved_on order by currency, moved_on"
)
FAILED_PAYMENTS = TenantQuery(
    "select outcome as status, currency, count() as number, sum(if(outcome = 'recovered',"
    " e.recovered_minor, e.amount_minor)) as amount_minor from marts.fct_recovery_episodes as e"
    " final group by status, currency order by status, currency"
)
# One provider's lines: another may show the same account again.
SPENDING = TenantQuery(
    "select found.value as category, t.currency as currency, count() as number,"
    " sum(t.amount_minor) as amount_minor"
    " from (select * from unified.transactions final"
    " where provider = 'plaid' and status = 'succeeded' and amount_minor < 0) as t"
    " inner join (select * from unified.enrichments final"
    " where facet = 'category' and not abstained) as found"
    " on found.connection_id = t.connection_id and found.transaction_id = t.id"
    " where not startsWith(category, 'transfers.')"
    " group by category, currency order by number desc, category, currency limit 12"
)
# Told by the books one by one; the other objects are parts of these, or not the company's own.
COUNTED = (
    "charge", "customer", "subscription", "invoice", "payment_intent", "payment_method", "refund",
    "dispute", "credit_note", "payout", "balance_transaction",
)  # fmt: skip


def objects_query(tables: Sequence[RawTable]) -> TenantQuery:
    """Return the query that counts every object of a workspace, removed ones left out."""
    counts = [
        f"select '{table.object}' as object, count() as number from {table.name} final"
        for table in tables
    ]
    united = " union all ".join(counts)
    return TenantQuery(f"select object, number from ({united}) where number > 0 order by object")


@dataclass(frozen=True, slots=True)
class Agreement:
    """One figure, as the warehouse and as the company's books have it."""

    name: str
    warehouse: Any
    books: Any

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same, exactly."""
        return bool(self.warehouse == self.books)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the demo shows."""

    objects: dict[str, int]
    landed: dict[str, int]
    transactions: list[dict[str, Any]]
    mrr: list[dict[str, Any]]
    failed_payments: list[dict[str, Any]]
    balances: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    books: list[dict[str, Any]]
    spending: list[dict[str, Any]]
    recovery: Recovered | None
    checks: tuple[CheckVerdict, ...]
    agreements: tuple[Agreement, ...]

    @property
    def failed_checks(self) -> tuple[CheckVerdict, ...]:
        """Checks whose failure is an error."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "ERROR")

    def as_json(self) -> dict[str, Any]:
        """Return everything as one JSON object."""
        return {
            "objects": self.objects,
            "rows_landed": self.landed,
            "transactions": self.transactions,
            "mrr": self.mrr,
            "failed_payments": self.failed_payments,
            "balances": self.balances,
            "bank_accounts": self.accounts,
            "books": self.books,
            "spending": self.spending,
            "recovery": self.recovery and self.recovery.as_json(),
            "checks": {
                "passed": sum(check.passed for check in self.checks),
                "total": len(self.checks),
                "failed": [asdict(check) for check in self.checks if not check.passed],
            },
            "agreements": [
                {**asdict(agreement), "agrees": agreement.agrees} for agreement in self.agreements
            ],
        }


def find(
    settings: Settings,
    tenant: TenantId,
    outcome: RunOutcome,
    sandbox: CompanySandbox,
    moment: int,
) -> Findings:
    """Read the warehouse as `tenant`, and beside it the company's books as of `moment`."""
    stripe_tables = [table for table in raw_tables() if table.provider == "stripe"]
    warehouse = Warehouse.connect(settings, pool_size=2)
    try:
        counted = warehouse.tenant_rows(tenant, objects_query(stripe_tables))
        transactions = warehouse.tenant_rows(tenant, TRANSACTIONS)
        mrr = warehouse.tenant_rows(tenant, MRR)
        changes = warehouse.tenant_rows(tenant, MRR_CHANGES)
        failed = warehouse.tenant_rows(tenant, FAILED_PAYMENTS)
        balances = warehouse.tenant_rows(tenant, BALANCES)
        accounts = bank_accounts(warehouse, tenant)
        real = real_accounts(warehouse, tenant)
        books = warehouse.tenant_rows(tenant, ENTRIES)
        spending = warehouse.tenant_rows(tenant, SPENDING)
        compared = warehouse.tenant_rows(tenant, COMPARED_ENTRIES)
        held = demo_ledger.bank_accounts(warehouse, tenant)
        verdicts, made_of = demo_ledger.payouts(warehouse, tenant)
        won = recovered(settings, CLOCK)
        settled = {} if won is None else settled_by_marts(warehouse, CLOCK, won)
    finally:
        warehouse.close()
    objects = {row["object"]: row["number"] for row in counted}
    raw = {name: rows for name, rows in outcome.rows.items() if name.startswith("raw.")}
    return Findings(
        objects=objects,
        landed=raw,
        transactions=transactions,
        mrr=mrr,
        failed_payments=failed,
        balances=balances,
        accounts=once(accounts, real),
        books=books,
        spending=spending,
        recovery=won,
        checks=outcome.checks,
        agreements=(
            *_agreements(objects, changes, failed, balances, sandbox),
            *_bank_agreements(list(accounts.values()), compared, sandbox, moment),
            *_ledger_agreements(held, verdicts, made_of, sandbox, moment),
            *([] if won is None else _recovery_agreements(won, settled)),
        ),
    )


def _agreements(
    objects: dict[str, int],
    mrr_changes: list[dict[str, Any]],
    failed: list[dict[str, Any]],
    balances: list[dict[str, Any]],
    sandbox: CompanySandbox,
) -> tuple[Agreement, ...]:
    counts = sandbox.book("counts")
    outcomes = Counter(payment["outcome"] for payment in sandbox.book("failed_payments"))
    statuses: Counter[str] = Counter()
    for row in failed:
        statuses[row["status"]] += row["number"]
    return (
        Agreement(
            "Objects",
            {name: objects.get(name, 0) for name in COUNTED},
            {name: counts.get(name, 0) for name in COUNTED},
        ),
        _mrr_agreement(mrr_changes, sandbox.book("mrr")),
        Agreement("Stripe balance", _amounts(balances), _last_values(sandbox.book("balances"))),
        Agreement("Failed payments", dict(statuses), dict(outcomes)),
    )


def _bank_agreements(
    accounts: list[dict[str, Any]],
    books: list[dict[str, Any]],
    sandbox: CompanySandbox,
    moment: int,
) -> tuple[Agreement, ...]:
    balances, lines = balances_and_lines(accounts)
    true_balances, true_lines = true_balances_and_lines(sandbox, moment)
    return (
        Agreement("Bank balances", balances, true_balances),
        Agreement("Bank lines", lines, true_lines),
        Agreement("Books", entries(books), true_entries(sandbox, moment)),
    )


def _ledger_agreements(
    held: dict[str, int],
    verdicts: dict[str, str],
    made_of: dict[str, int],
    sandbox: CompanySandbox,
    moment: int,
) -> tuple[Agreement, ...]:
    true_verdicts, amounts = demo_ledger.true_payouts(sandbox, moment)
    settled = {name: said for name, said in verdicts.items() if name in true_verdicts}
    return (
        Agreement(
            "Bank accounts in the ledger", held, demo_ledger.true_bank_accounts(sandbox, moment)
        ),
        Agreement("Payouts, each the sum of its lines", made_of, amounts),
        Agreement("Payouts at the bank and in the books", settled, true_verdicts),
    )


def _recovery_agreements(won: Recovered, settled: dict[str, int]) -> list[Agreement]:
    return [
        Agreement("Recovered cash", won.by_engine, won.by_ledger),
        Agreement("Settled cash of the experiment", settled, won.settled_by_ledger),
    ]


def _mrr_agreement(rows: list[dict[str, Any]], books: dict[str, dict[str, int]]) -> Agreement:
    """Compare the days on which MRR changed; the books end where the company's told life ends."""
    last = max(day for days in books.values() for day in days)
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["change_minor"] and row["moved_on"].isoformat() <= last:
            days = found.setdefault(row["currency"], {})
            days[row["moved_on"].isoformat()] = row["change_minor"]
    return Agreement("MRR of every day", found, _changes(books))


def _changes(by_currency: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the same of the books, which hold MRR at the end of every day."""
    found: dict[str, dict[str, int]] = {}
    for code, days in by_currency.items():
        before = 0
        for day, value in sorted(days.items()):
            if value != before:
                found.setdefault(code.upper(), {})[day] = value - before
            before = value
    return found


def _amounts(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["currency"]: row["amount_minor"] for row in rows if row["amount_minor"]}


def _last_values(by_currency: dict[str, dict[str, int]]) -> dict[str, int]:
    """Return each currency's value on its last day, without those that have come to nothing."""
    last = {code.upper(): days[max(days)] for code, days in by_currency.items() if days}
    return {code: value for code, value in sorted(last.items()) if value}
