"""What is a workspace's chart of accounts? The standard one, with what the workspace changed.

A changed account keeps its code, by which journals know it, and gets the workspace's own number,
name and meaning. An account of the workspace's own takes kinds of bank lines or of movements at
the payment provider to itself (`posts`): the next run of the marts writes their journals anew.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.errors import UniqueViolation

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.ledger_accounts import BY_CODE, STANDARD, LedgerAccount
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.ledger.chart_schemas import AccountOfLedger, AccountRequest

MOST_ACCOUNTS = 500
_CHANGED = "select code, number, name, type, description from ledger_accounts order by code"
_POSTS = "select category, code from ledger_postings order by category"
_UPSERT = """
insert into ledger_accounts (workspace_id, code, number, name, type, description, updated_at)
values (%(workspace_id)s, %(code)s, %(number)s, %(name)s, %(type)s, %(description)s, %(now)s)
on conflict (workspace_id, code) do update set number = excluded.number, name = excluded.name,
    type = excluded.type, description = excluded.description, updated_at = excluded.updated_at
"""
_UNPOST = "delete from ledger_postings where code = %s and category <> all(%s)"
_POST = """
insert into ledger_postings (workspace_id, category, code, updated_at)
values (%(workspace_id)s, %(category)s, %(code)s, %(now)s)
on conflict (workspace_id, category) do update
    set code = excluded.code, updated_at = excluded.updated_at
"""
_DELETE = "delete from ledger_accounts where code = %s returning code"


def chart_of(rows: Rows) -> list[AccountOfLedger]:
    """Return every account of the workspace that the transaction is bound to, by number."""
    changed = {row["code"]: row for row in rows.execute(_CHANGED)}
    posts: dict[str, list[str]] = {}
    for row in rows.execute(_POSTS):
        posts.setdefault(row["code"], []).append(row["category"])
    found = [
        _account(account.code, changed.get(account.code) or _standard(account), posts)
        for account in STANDARD
    ]
    found += [_account(code, row, posts) for code, row in changed.items() if code not in BY_CODE]
    return sorted(found, key=lambda account: (account.number, account.code))


def put_account(
    scope: TenantScope, rows: Rows, code: str, request: AccountRequest
) -> AccountOfLedger:
    """Change an account of the standard chart, or make one of the workspace's own.

    Raises:
        ConflictError: Another account has the number, or there are too many.
        InvalidInputError: A standard account would become of another type.
    """
    standard = BY_CODE.get(code)
    if standard is not None and standard.type != request.type:
        raise InvalidInputError(
            f"Account {code} is of type {standard.type}.",
            next_step="Make an account of your own for another type.",
        )
    number = request.number or code
    known = chart_of(rows)
    if any(account.number == number and account.code != code for account in known):
        raise _taken(number)
    if len(known) >= MOST_ACCOUNTS and all(account.code != code for account in known):
        raise ConflictError(
            f"A chart has {MOST_ACCOUNTS} accounts at most.", next_step="Remove one first."
        )
    values = {
        "workspace_id": str(scope.tenant), "code": code, "number": number, "name": request.name,
        "type": request.type, "description": request.description, "now": utc_now(),
    }  # fmt: skip
    try:
        rows.execute(_UPSERT, values)
    except UniqueViolation:  # somebody took the number a moment ago
        raise _taken(number) from None
    rows.execute(_UNPOST, [code, list(request.posts)])
    for category in sorted(set(request.posts)):
        rows.execute(_POST, values | {"category": category})
    record(
        rows, scope, "ledger_account.changed", code, number=number, name=request.name,
        posts=sorted(set(request.posts)),
    )  # fmt: skip
    return _one(rows, code)


def delete_account(scope: TenantScope, rows: Rows, code: str) -> AccountOfLedger:
    """Make a standard account what it was, or remove one of the workspace's own.

    Raises:
        NotFoundError: The workspace has not changed or made it.
    """
    before = [account for account in chart_of(rows) if account.code == code]
    if rows.execute(_DELETE, [code]).fetchone() is None:
        raise NotFoundError(
            f"The workspace has not changed an account {code}.",
            next_step="GET /v1/ledger/accounts lists those there are.",
        )
    record(rows, scope, "ledger_account.deleted", code)
    return _one(rows, code) if code in BY_CODE else before[0]


def _taken(number: str) -> ConflictError:
    return ConflictError(
        f"Another account has the number {number}.", next_step="Choose another number."
    )


def _one(rows: Rows, code: str) -> AccountOfLedger:
    return next(account for account in chart_of(rows) if account.code == code)


def _standard(account: LedgerAccount) -> Mapping[str, Any]:
    return {**account._asdict(), "number": account.code}


def _account(code: str, row: Mapping[str, Any], posts: Mapping[str, list[str]]) -> AccountOfLedger:
    named = {name: row[name] for name in ("number", "name", "type", "description")}
    standard = BY_CODE.get(code)
    is_changed = standard is None or named != {
        name: value for name, value in _standard(standard).items() if name in named
    }
    return AccountOfLedger(
        code=code, is_standard=standard is not None, is_changed=is_changed or code in posts,
        posts=posts.get(code, []), **named,
    )  # fmt: skip
