"""How is a European bank's connection read within its daily allowance? Plan, reserve, then call.

    first chunk   free calls: is the consent good, which accounts; calls are planned and reserved
    later chunks  the reserved calls, account by account; what landed is crossed off the plan

Both European providers read accounts in three scopes: details name the account, balances and
transactions belong to it. What is not due yet, or not allowed, is skipped and says until when; a
run that finds nothing due asks the provider nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from core.clock import epoch_microseconds, utc_now
from core.errors import ProviderError
from pipelines.batches import RawObject
from pipelines.budget import DAY, Purse, Scope
from pipelines.failures import (
    ConsentNeededError,
    LimitReachedError,
    NotOfferedError,
    ProviderUnavailableError,
)
from pipelines.reading import Memory, Visit

HOUR = 3_600
# Read every eight hours; a bank that fails once is late.
FRESH_WITHIN = timedelta(hours=9)
# Three planned reads a day; the fourth call is kept for somebody who asks.
SCOPES = (
    Scope("details", 30 * DAY),
    Scope("balances", 8 * HOUR),
    Scope("transactions", 8 * HOUR),
)
BUDGET = "call_budget"
_TOLD_BEFORE_END = 14 * DAY
# How long a bank that says no more than "too many calls" is left alone.
_UNSAID_PAUSE = 6 * HOUR
# A call whose answer was lost may have counted: it is not repeated at once.
_AFTER_A_LOSS = HOUR


class BankSource(Protocol):
    """One connection of one provider, as the visit needs it.

    Attributes:
        objects: The object that each scope's rows land as.
        consent: The provider's id of the consent; another one after a reconnect.
    """

    objects: Mapping[str, str]
    consent: str

    async def accounts(self) -> Sequence[str]:
        """Check the consent by free calls and return the provider's ids of its accounts.

        Writes the second of its end into the connection's memory as `ends`.

        Raises:
            ConsentNeededError: The consent has ended.
        """

    async def name(self, account: str, memory: Memory) -> None:
        """Write an account's `key` by what free calls tell, because its details are not offered."""

    async def read(self, scope: str, account: str, memory: Memory, purse: Purse) -> bool:
        """Make one reserved call and land what it brings.

        Args:
            scope: details, balances or transactions.
            account: The provider's id of the account.
            memory: What is kept of the account; `details` writes its stable `key` there.
            purse: Told what the provider says is left.

        Returns:
            Whether it came to its end; else the chunk is full and the same call goes on later.
        """


async def visit_bank(visit: Visit, source: BankSource) -> bool:
    """Visit one connection; see the module."""
    now = epoch_microseconds(utc_now()) // 1_000_000
    if visit.is_first:
        return await _prepare(visit, source, now)
    accounts: dict[str, Memory] = visit.memory["accounts"]
    plan: list[list[str]] = visit.memory.get("plan", [])
    while plan:
        if visit.is_full():
            return False
        account, scope = plan[0]
        if not await _call(visit, source, account, scope, now):
            return False
        visit.memory["called"].append(scope)
        plan.pop(0)
    visit.memory.pop("plan", None)
    await _tell(visit, source, accounts, now)
    return True


def purse_of(memory: Memory, scope: Scope) -> Purse:
    """Return the purse of an account's scope."""
    return Purse(scope, memory.setdefault("scopes", {}).setdefault(scope.name, {}))


async def _prepare(visit: Visit, source: BankSource, now: int) -> bool:
    """Plan the run; the calls are made in the next chunk, once the plan is stored."""
    memory = visit.memory
    memory["called"] = []
    known: dict[str, Memory] = memory.setdefault("accounts", {})
    is_stale = (
        memory.get("consent") != source.consent
        or now - int(memory.get("checked", 0)) >= DAY
        or now >= int(memory.get("ends", now + 1))
    )
    if not is_stale and known and not _plan(visit, source, known, now):
        visit.fate.was_read = False
        await _tell(visit, source, known, now)
        return True
    found = await source.accounts()
    memory["accounts"] = {account: known.get(account, {}) for account in found}
    memory["checked"], memory["consent"] = now, source.consent
    plan = _plan(visit, source, memory["accounts"], now)
    for account, name in plan:
        scope = next(scope for scope in SCOPES if scope.name == name)
        purse_of(memory["accounts"][account], scope).reserve(now)
    memory["plan"] = plan
    if not plan:
        visit.fate.was_read = False
        await _tell(visit, source, memory["accounts"], now)
    return not plan


def _plan(
    visit: Visit, source: BankSource, accounts: Mapping[str, Memory], now: int
) -> list[list[str]]:
    """Return the calls that are due, or asked for, and allowed: account by account."""
    is_asked_for = visit.window is not None
    plan = []
    for account, memory in accounts.items():
        for scope in SCOPES:
            purse = purse_of(memory, scope)
            needs_key = scope.name == "details" and "key" not in memory
            if source.objects[scope.name] not in visit.names and not needs_key:
                continue
            is_worth_it = is_asked_for and (scope.name != "details" or needs_key)
            when = (
                purse.allowed_at(now, is_asked_for=True) if is_worth_it else purse.planned_at(now)
            )
            if when <= now:
                plan.append([account, scope.name])
    return plan


async def _call(visit: Visit, source: BankSource, account: str, name: str, now: int) -> bool:
    """Make one call of the plan; its failure costs this scope of this account alone."""
    memory = visit.memory["accounts"][account]
    purse = purse_of(memory, next(scope for scope in SCOPES if scope.name == name))
    landed_as = source.objects[name]
    if name != "details" and "key" not in memory:
        purse.give_back(now)  # its details failed: nobody knows whose rows these would be
        return True
    try:
        if not await source.read(name, account, memory, purse):
            return False
        purse.brought(now)
    except ConsentNeededError:
        purse.give_back(now)
        raise
    except LimitReachedError as error:
        again = epoch_microseconds(error.again_at) // 1_000_000 if error.again_at else 0
        purse.give_back(now)
        purse.block(again or now + _UNSAID_PAUSE)
        visit.skip(landed_as, error.detail)
    except NotOfferedError as error:
        purse.give_back(now)
        purse.brought(now)  # asked again when it would be read again
        visit.skip(landed_as, error.detail)
        if "key" not in memory:
            await source.name(account, memory)
    except ProviderUnavailableError as error:
        if error.may_count:
            purse.block(now + _AFTER_A_LOSS)
        else:
            purse.give_back(now)
        visit.fail(landed_as, error.detail)
    except ProviderError as error:  # an answer that nobody understands was an answer
        purse.block(now + _AFTER_A_LOSS)
        visit.fail(landed_as, error.detail)
    return True


async def _tell(visit: Visit, source: BankSource, accounts: Mapping[str, Memory], now: int) -> None:
    """Land what is left of each allowance, and say what was not read and when it will be."""
    version = epoch_microseconds(utc_now())
    rows = []
    for account, memory in accounts.items():
        key = str(memory.get("key", account))
        for scope in SCOPES:
            purse = purse_of(memory, scope)
            report = {"account_id": key, **purse.report(now)}
            payload = msgspec.json.encode(report)
            if memory.get(f"told_{scope.name}") != (told := _told(report)):
                memory[f"told_{scope.name}"] = told
                rows.append(RawObject(f"{key}/{scope.name}", version, False, payload))  # noqa: FBT003
    await visit.land(BUDGET, rows)
    _note(visit, source, accounts, now)


def _told(report: Mapping[str, Any]) -> str:
    """Return what makes it worth landing a report again."""
    return f"{report['calls_per_day']} {report['calls_made_at']} {report['last_read_at']}"


def _note(visit: Visit, source: BankSource, accounts: Mapping[str, Memory], now: int) -> None:
    """Skip what was wanted and not called, with the time of its next call."""
    is_asked_for = visit.window is not None
    for scope in SCOPES:
        name = source.objects[scope.name]
        purses = [purse_of(memory, scope) for memory in accounts.values()]
        is_called = scope.name in visit.memory["called"]
        if name not in visit.names or is_called or not purses:
            continue
        allowed = min(purse.allowed_at(now, is_asked_for=True) for purse in purses)
        planned = min(purse.planned_at(now) for purse in purses)
        if is_asked_for:
            if scope.name != "details":
                visit.skip(name, f"The bank's daily calls are used; the next at {_clock(allowed)}.")
        elif planned > now:
            visit.skip(name, f"Read next at {_clock(planned)}; asked for, from {_clock(allowed)}.")
    lines = [purse_of(memory, SCOPES[-1]) for memory in accounts.values()]
    if lines:
        planned = min(purse.planned_at(now) for purse in lines)
        allowed = min(purse.allowed_at(now, is_asked_for=True) for purse in lines)
        visit.fate.notice = (
            f"Lines are read next at {_clock(planned)}; asked for, from {_clock(allowed)}."
        )
    if (ends := visit.memory.get("ends")) and int(ends) - now < _TOLD_BEFORE_END:
        visit.fate.notice += f" The consent ends at {_clock(int(ends))}: renew it before."


def _clock(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"


def rows_gone(known: Sequence[str], shown: set[str], version: int) -> list[RawObject]:
    """Return tombstones of pending rows that a bank no longer shows."""
    return [RawObject(name, version, True, b"{}") for name in known if name not in shown]  # noqa: FBT003
