"""Are the sandbox's objects what Xero's document allows? Run by hand, with the document.

    python -m tests.sandbox.xero_document xero_accounting.yaml

Fields that the document does not name are told apart from those that break it: Xero sends a few
that it does not document (`DateString` beside `Date`). The document is Xero's and stays out of this
repository (docs/provider-documents.md).
"""

import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from sandbox.company.calendar import month_of
from sandbox.company.synthetic import company_of
from sandbox.world import World
from sandbox.xero.objects import Objects, wire
from tests.sandbox.plaid_document import as_json_schema

SCHEMAS = {
    "Accounts": "Account", "Contacts": "Contact", "Invoices": "Invoice",
    "CreditNotes": "CreditNote", "Payments": "Payment", "BankTransactions": "BankTransaction",
    "BankTransfers": "BankTransfer", "ManualJournals": "ManualJournal",
}  # fmt: skip
EVER = 1 << 40


def shown_objects() -> list[tuple[str, Any]]:
    """(schema, object) of everything that the simulated organisation ever shows."""
    spec = company_of(7, 60, date(2026, 11, 20))
    sums = {"gross": 9_100, "returned": 0, "refunds": -635, "disputes": 0, "fees": 432, "other": 0,
            "payouts": -700}  # fmt: skip
    month = {"month": month_of(spec.start_at), "currency": "eur", **sums}
    world = World(spec, lambda: (month,))
    objects = Objects(world.accounting, spec.start_at)
    found = [
        (schema, json.loads(row.body))
        for listed, schema in SCHEMAS.items()
        for row in objects.rows(listed, EVER)
    ]
    found += [("Journal", json.loads(body)) for body in objects.journals(0, EVER, 100)]
    return [*found, ("Organisation", json.loads(wire(objects.ledger.organisation(1))))]


def main(path: Path) -> int:
    """Print what differs and return how often."""
    document = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    held = {"components": {"schemas": as_json_schema(schemas)}}
    counts: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    unnamed: Counter[str] = Counter()
    for schema, value in shown_objects():
        counts[schema] += 1
        validator = Draft202012Validator({**held, "$ref": f"#/components/schemas/{schema}"})
        for error in validator.iter_errors(value):
            place = ".".join("*" if isinstance(part, int) else part for part in error.path)
            differences[f"{schema}.{place}: {error.message[:90]}"] += 1
        unnamed.update(
            f"{schema}.{name}" for name in set(value) - set(schemas[schema]["properties"])
        )
    for title, found in (("objects", counts), ("differs", differences), ("undocumented", unnamed)):
        for name, number in sorted(found.items()):
            sys.stdout.write(f"{title}: {name} ({number})\n")
    return sum(differences.values())


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 255))
