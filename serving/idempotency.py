"""How does a repeated POST act once? By `Idempotency-Key`: the first answer is kept and replayed.

The key's row, the action's own writes and the kept answer are one Postgres transaction. A repeat
that arrives meanwhile waits for it; a crash in the middle leaves nothing, so the repeat acts anew.
Answers are kept for a day, encrypted, since the answer to creating an API key holds the key.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError
from serving.auth.scope import TenantScope

KEPT = timedelta(days=1)
WAIT_SECONDS = 10
REPLAYED_HEADER = "Idempotency-Replayed"

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
            names = {"api_key_id": scope.key.id, "key": self.key}
            kept = self._claim(scope, rows, names)
            if kept is not None:
                return self._replay(scope, kept)
            answer = act(rows)
            sealed = scope.seal(answer.model_dump_json(), purpose=self._purpose(scope))
            rows.execute(_KEEP, {**names, "status": status, "answer": sealed})
        return _answer(answer, status)

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
            raise IdempotencyConflictError(
                "The first request with this Idempotency-Key has not ended yet.",
                next_step="Send the same request again in some seconds.",
            ) from None
        return None if claimed else rows.execute(_KEPT_ANSWER, names).fetchone()

    def _replay(self, scope: TenantScope, kept: dict[str, Any]) -> Response:
        if bytes(kept["request_hash"]) != self.request_hash:
            raise IdempotencyConflictError(
                "This Idempotency-Key was sent before with a different request.",
                next_step="Use a new key for a new request.",
            )
        scope.answer_with(REPLAYED_HEADER, "true")
        body = scope.unseal(kept["sealed_answer"], purpose=self._purpose(scope))
        return Response(body, kept["status"], media_type="application/json")

    def _purpose(self, scope: TenantScope) -> str:
        return f"idempotent_answer|{scope.key.id}|{self.key}"


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


def _answer(model: BaseModel, status: int) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")
