"""How does a repeated POST act once? By `Idempotency-Key`: the first answer is kept and replayed.

The key's row, the action's own writes and the kept answer are one Postgres transaction. A repeat
that arrives meanwhile waits for it; a crash in the middle leaves nothing, so the repeat acts anew.
An action that asks somebody outside first (`once_after`) must not hold a transaction meanwhile: it
claims the key for a while, asks, and then writes; after a crash the claim runs out.
Answers are kept for a day, encrypted, since the answer to creating an API key holds the key.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError
from core.tenancy import new_id
from serving.auth.scope import TenantScope

KEPT = timedelta(days=1)
WAIT_SECONDS = 10
# Longer than any call outside takes with its own timeouts and repetitions.
CLAIMED = timedelta(minutes=3)
LOOK_AGAIN_SECONDS = 0.2
REPLAYED_HEADER = "Idempotency-Replayed"

Asked = TypeVar("Asked")

_CLAIM = """
insert into idempotent_answers
    (workspace_id, api_key_id, idempotency_key, request_hash, created_at)
values (%(workspace_id)s, %(api_key_id)s, %(key)s, %(request_hash)s, %(now)s)
on conflict do nothing returning 1 as claimed
"""
_KEPT_ANSWER = """
select request_hash, status, sealed_answer from idempotent_answers
where api_key_id = %(api_key_id)s and idempotency_key = %(key)s
"""
_KEEP = """
update idempotent_answers set status = %(status)s, sealed_answer = %(answer)s
where api_key_id = %(api_key_id)s and idempotency_key = %(key)s
"""
# A new key, or one whose claim ran out because its holder crashed.
_CLAIM_FOR_A_WHILE = """
insert into idempotent_answers as known
    (workspace_id, api_key_id, idempotency_key, request_hash, created_at, claim, claimed_until)
values (%(workspace_id)s, %(api_key_id)s, %(key)s, %(request_hash)s, %(now)s, %(claim)s,
    %(until)s)
on conflict (workspace_id, api_key_id, idempotency_key) do update
    set claim = excluded.claim, claimed_until = excluded.claimed_until
    where known.status is null and known.request_hash = excluded.request_hash
        and known.claimed_until < %(now)s
returning 1 as claimed
"""
_KEEP_CLAIMED = """
update idempotent_answers set status = %(status)s, sealed_answer = %(answer)s
where api_key_id = %(api_key_id)s and idempotency_key = %(key)s and claim = %(claim)s
    and status is null
"""
_RELEASE = """
delete from idempotent_answers
where api_key_id = %(api_key_id)s and idempotency_key = %(key)s and claim = %(claim)s
    and status is null
"""
_FORGET = "delete from idempotent_answers where created_at < %s"


class IdempotencyConflictError(ConflictError):
    """The Idempotency-Key belongs to another request, or its first use has not ended yet."""

    code = "idempotency_conflict"
    title = "The Idempotency-Key is in use"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The request's key, if it sent one, and what the request was."""

    key: str | None
    request_hash: bytes

    def once(
        self, scope: TenantScope, act: Callable[[Rows], BaseModel], *, status: int = 200
    ) -> Response:
        """Answer with what `act` returns, acting only if the key has not acted before.

        Raises:
            IdempotencyConflictError: The key was used for another request, or is being used.
        """
        with scope.transaction() as rows:
            if self.key is None:
                return _answer(act(rows), status)
            names = {"api_key_id": scope.principal.id, "key": self.key}
            kept = self._claim(scope, rows, names)
            if kept is not None:
                return self._replay(scope, kept)
            answer = act(rows)
            sealed = scope.seal(answer.model_dump_json(), purpose=self._purpose(scope))
            rows.execute(_KEEP, {**names, "status": status, "answer": sealed})
        return _answer(answer, status)

    def once_after(
        self,
        scope: TenantScope,
        ask: Callable[[], Asked],
        act: Callable[[Rows, Asked], BaseModel],
        *,
        status: int = 200,
    ) -> Response:
        """Do as `once`, with what `ask` learns outside: no transaction is open while it waits.

        Raises:
            IdempotencyConflictError: The key was used for another request, or is being used.
        """
        if self.key is None:
            asked = ask()
            with scope.transaction() as rows:
                return _answer(act(rows, asked), status)
        names = {"api_key_id": scope.principal.id, "key": self.key, "claim": new_id("claim")}
        kept = self._claim_or_wait(scope, names)
        if kept is not None:
            return self._replay(scope, kept)
        try:
            asked = ask()
            with scope.transaction() as rows:
                answer = act(rows, asked)
                sealed = scope.seal(answer.model_dump_json(), purpose=self._purpose(scope))
                values = {**names, "status": status, "answer": sealed}
                if not rows.execute(_KEEP_CLAIMED, values).rowcount:
                    raise _unfinished()  # taken over after too long: the other one acts
        except BaseException:
            with scope.transaction() as rows:
                rows.execute(_RELEASE, names)
            raise
        return _answer(answer, status)

    def _claim_or_wait(self, scope: TenantScope, names: dict[str, Any]) -> dict[str, Any] | None:
        """Take the key for a while; return the answer of whoever had it, once there is one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            now = utc_now()
            values = {
                **names, "workspace_id": str(scope.tenant), "request_hash": self.request_hash,
                "now": now, "until": now + CLAIMED,
            }  # fmt: skip
            with scope.transaction() as rows:
                rows.execute(_FORGET, [now - KEPT])
                if rows.execute(_CLAIM_FOR_A_WHILE, values).fetchone():
                    return None
                known = rows.execute(_KEPT_ANSWER, names).fetchone()
            if known is not None and (known["status"] is not None or not self._is_same(known)):
                return known
            if time.monotonic() > deadline:
                raise _unfinished()
            time.sleep(LOOK_AGAIN_SECONDS)

    def _claim(
        self, scope: TenantScope, rows: Rows, names: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Take the key for this request; return the kept answer if it was taken before."""
        now = utc_now()
        rows.execute("select set_config('lock_timeout', %s, true)", [f"{WAIT_SECONDS}s"])
        try:
            rows.execute(_FORGET, [now - KEPT])
            values = {"workspace_id": str(scope.tenant), "request_hash": self.request_hash}
            claimed = rows.execute(_CLAIM, {**names, **values, "now": now}).fetchone()
        except LockNotAvailable:
            raise _unfinished() from None
        return None if claimed else rows.execute(_KEPT_ANSWER, names).fetchone()

    def _replay(self, scope: TenantScope, kept: dict[str, Any]) -> Response:
        if not self._is_same(kept):
            raise IdempotencyConflictError(
                "This Idempotency-Key was sent before with a different request.",
                next_step="Use a new key for a new request.",
            )
        scope.answer_with(REPLAYED_HEADER, "true")
        body = scope.unseal(kept["sealed_answer"], purpose=self._purpose(scope))
        return Response(body, kept["status"], media_type="application/json")

    def _is_same(self, kept: dict[str, Any]) -> bool:
        return bytes(kept["request_hash"]) == self.request_hash

    def _purpose(self, scope: TenantScope) -> str:
        return f"idempotent_answer|{scope.principal.id}|{self.key}"


async def _idempotency(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=r"^[!-~]{1,255}$",
            description="Any text of yours; the same request sent again with it acts once",
        ),
    ] = None,
) -> Idempotency:
    digest = hashlib.sha256()
    for part in (request.method, request.url.path, request.url.query):
        digest.update(part.encode() + b"\0")
    digest.update(await request.body())
    return Idempotency(key, digest.digest())


Idempotent = Annotated[Idempotency, Depends(_idempotency)]


def _unfinished() -> IdempotencyConflictError:
    return IdempotencyConflictError(
        "The first request with this Idempotency-Key has not ended yet.",
        next_step="Send the same request again in some seconds.",
    )


def _answer(model: BaseModel, status: int) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")
