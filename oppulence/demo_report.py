"""How does the demo show what it found? Tables with amounts, then where to look further."""

from typing import Any

from rich.console import Console
from rich.table import Table

from core.money import format_minor
from core.settings import Settings
from core.tenancy import TenantId
from oppulence.demo_findings import Findings
from oppulence.demo_recovered import CLOCK, Recovered

FOUNDER = "founder@northwind.example"  # who may sign in to the demo's workspace


def show(
    findings: Findings,
    *,
    key: str,
    tenant: TenantId,
    settings: Settings,
    seconds: float,
    is_up: bool,
) -> None:
    """Print the findings for a person."""
    console = Console()
    for table in (
        _objects(findings),
        _money(
            "Transactions at Stripe", ("Type", "Status"), ("type", "status"), findings.transactions
        ),
        _money("MRR", (), (), findings.mrr, number="customers"),
        _money("Failed payments", ("Outcome",), ("status",), findings.failed_payments),
        _money(
            "Bank accounts",
            ("Account", "", "Through"),
            ("name", "mask", "provider"),
            findings.accounts,
            number="lines",
        ),
        _money("Documents in the books", ("Books",), ("provider",), findings.books),
        _money(
            "Spending through Plaid, as enrichment reads it",
            ("Category",),
            ("category",),
            findings.spending,
        ),
        *([] if findings.recovery is None else [_recovery(findings.recovery)]),
        _agreements(findings),
    ):
        console.print()
        console.print(table)
    passed = sum(check.passed for check in findings.checks)
    if findings.recovery is not None:
        console.print(f"\n{_lift(findings.recovery)}", highlight=False, soft_wrap=True)
    console.print(f"\nChecks passed: {passed} of {len(findings.checks)}. Took {seconds:.0f} s.\n")
    further = _further(key, tenant, settings, is_up=is_up)
    console.print(further, markup=False, highlight=False, soft_wrap=True)


def _objects(findings: Findings) -> Table:
    table = _table("Stripe objects in ClickHouse")
    table.add_column("Object")
    table.add_column("Rows", justify="right")
    for name, rows in findings.objects.items():
        table.add_row(name, f"{rows:,}")
    return table


def _money(
    title: str,
    headings: tuple[str, ...],
    columns: tuple[str, ...],
    rows: list[dict[str, Any]],
    number: str = "number",
) -> Table:
    column = "customers" if number == "customers" else "number"
    table = _table(title)
    for heading in headings:
        table.add_column(heading)
    table.add_column(number.capitalize(), justify="right")
    table.add_column("Amount", justify="right")
    table.add_column("")
    for row in rows:
        amount = format_minor(row["amount_minor"], row["currency"])
        whole, dot, fraction = amount.partition(".")
        table.add_row(
            *(str(row[column]) for column in columns),
            f"{row[column]:,}",
            f"{int(whole):,}{dot}{fraction}" if whole != "-0" else amount,
            row["currency"],
        )
    return table


def _recovery(found: Recovered) -> Table:
    said = {
        "retry": "our retry", "payer": "the payer", "provider": "Stripe's own retry",
        "out_of_band": "paid otherwise", "open": "not won back",
    }  # fmt: skip
    return _money(
        "Failed payments, forty days on a test clock", ("Won by",), ("by",),
        [{**row, "by": said[row["by"]]} for row in found.cash],
    )  # fmt: skip


def _lift(found: Recovered) -> str:
    """Say what was done, and what may be said of it."""
    did = (
        f"Recovery: {found.episodes} episodes, {found.retries} tries, {found.messages} messages,"
        f" in {found.folder}"
    )
    lift = found.lift
    if lift is None:
        return did
    low, middle, high = (
        round(value * 100)
        for value in (lift.single_look.lower, lift.single_look.estimate, lift.single_look.upper)
    )
    return (
        f"{did}\nLift of the flow for soft declines: {middle:+} points ({low:+} to {high:+}),"
        f" {lift.treated.recovered} of {lift.treated.units} won back against"
        f" {lift.control.recovered} of {lift.control.units} held out. Verdict:"
        f" {lift.verdict.replace('_', ' ')}. {lift.reason}"
    )


def _agreements(findings: Findings) -> Table:
    table = _table("Against the company's own books")
    table.add_column("Figure")
    table.add_column("")
    for agreement in findings.agreements:
        table.add_row(
            agreement.name, "the same, to the cent" if agreement.agrees else "[red]differs[/red]"
        )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, min_width=44)


def _further(key: str, tenant: TenantId, settings: Settings, *, is_up: bool) -> str:
    api = f"http://{settings.host}:{settings.api_port}"
    first = "Everything is running" if is_up else "Start everything with `make up`"
    return f"""{first}; then look further:

  Recovery     {api}/workspaces/{CLOCK}/recovery
               sign in as {FOUNDER}; the code shows where `make up` runs
  API          {api}/docs
  Dagster      http://127.0.0.1:{settings.dagster_port}
  ClickHouse   http://127.0.0.1:{settings.clickhouse_port} for any client, user default

  key={key}
  curl -s '{api}/v1/transactions?provider=stripe&status=failed&type=charge&limit=3' \\
    -H "Authorization: Bearer $key" -H 'X-Workspace-Id: {tenant}'
  curl -s '{api}/v1/metrics/mrr?interval=month&currency=EUR' \\
    -H "Authorization: Bearer $key" -H 'X-Workspace-Id: {tenant}'

The key is shown this once. Your own Stripe account: `oppulence connect stripe`, then
`oppulence sync`."""
