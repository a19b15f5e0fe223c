"""How do an account's lines get in? Newest first, back to where nothing changes any more.

A line changes while it is pending: it vanishes, and its posted form comes under a new id. So each
read goes back a fortnight, or to the oldest pending line, and compares with what it listed before.
"""

from datetime import date, timedelta

import msgspec

from pipelines.batches import RawObject
from pipelines.failures import ProviderUnavailableError
from pipelines.http_client import ProviderClient
from pipelines.reading import Visit
from pipelines.slices import gone, held, id_of, members_of
from pipelines.teller.accounts import Account, listed

PAGE_SIZE = 500
LOOK_BACK = timedelta(days=14)
REMEMBERED = timedelta(days=30)


async def read_lines(visit: Visit, client: ProviderClient, account: Account) -> bool:
    """Land an account's lines since the last read's overlap; for a backfill, of its window."""
    today = account.listed_on
    since = _since(visit, account, today)
    path = f"/accounts/{account.id}/transactions"
    query: dict[str, str | int] = {"count": PAGE_SIZE}
    if since is not None:
        query["start_date"] = since.isoformat()
    found: dict[str, str] = {}
    pending: list[str] = []
    last = ""
    while True:
        answer = await client.get(path, {**query, **({"from_id": last} if last else {})})
        payloads = listed(answer, path)
        rows = [
            held(id_of(body, "id"), answer.asked_at, account.with_part("transaction", body))
            for body in payloads
        ]
        fresh = [row for row in rows if row.id not in found]
        await visit.land("transaction", fresh)
        for row, payload in zip(rows, payloads, strict=True):
            members = members_of(payload, "date", "status")
            found[row.id] = members[0] if members else ""
            if members and members[1] == "pending":
                pending.append(members[0])
        if len(payloads) < PAGE_SIZE:
            break
        if not fresh:
            raise ProviderUnavailableError("Teller's list of lines does not move forward.")
        last = rows[-1].id
    await visit.land("transaction", _vanished(account, found, since, answer.asked_at))
    begin, kept = since.isoformat() if since else "", (today - REMEMBERED).isoformat()
    older = {name: on for name, on in account.memory.get("seen", {}).items() if on < begin}
    account.memory["seen"] = {name: on for name, on in (older | found).items() if on >= kept}
    if visit.window is None or since is None:
        account.memory["read_on"] = today.isoformat()
    account.memory["oldest_pending"] = min(pending, default="")
    account.memory["is_whole"] = account.memory.get("is_whole", False) or since is None
    return True


def _since(visit: Visit, account: Account, today: date) -> date | None:
    """Return the day to go back to; None for all that there is."""
    if visit.window is not None and visit.window.since_at is not None:
        return visit.window.since_at.date()
    if visit.window is not None or not account.memory.get("is_whole"):
        return None
    # From what the last read knew, however long ago: a login may wait for its user for weeks.
    seen: dict[str, str] = account.memory.get("seen", {})
    last = account.memory.get("read_on") or max(seen.values(), default="")
    oldest = account.memory.get("oldest_pending") or last
    try:
        known = min(today, date.fromisoformat(last)) - LOOK_BACK
        return min(known, date.fromisoformat(oldest))
    except ValueError:
        return None  # a day that nobody can read: everything, once more


def _vanished(
    account: Account, found: dict[str, str], since: date | None, version: int
) -> list[RawObject]:
    """Return tombstones of what an earlier read listed in this span and this one did not."""
    begin = since.isoformat() if since is not None else ""
    seen: dict[str, str] = account.memory.get("seen", {})
    return [
        gone(
            name, version, account.with_part("transaction", msgspec.json.encode({"id": name})),
        )
        for name, on in seen.items()
        if name not in found and on >= begin
    ]  # fmt: skip
