"""Which lists of transactions are answered on the server's loop? The newest first, in full.

Understanding the query string by the same model as the application, choosing among rows at hand or
asking ClickHouse, and joining rows that are JSON already: no thread and no layer of the framework.
Whatever else there is to the list (other orders, some fields, enrichment, categories that it
found, what is not valid) is the application's.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from core.errors import InvalidInputError
from core.tenancy import TenantId
from core.warehouse_questions import WarehouseQuestions
from serving.auth.permissions import Permission
from serving.states import State
from serving.transactions import listing
from serving.transactions.filters import TransactionsPage
from serving.transactions.heads import ROWS, Head, Heads, Row, can_tell, rows_of
from serving.transactions.newest import Position, steps, wanted_of
from serving.transactions.whole import Line

PATH = "/v1/transactions"


@dataclass(frozen=True, slots=True)
class Asked:
    """A list that was understood.

    Attributes:
        question: What stands for it, but for the data.
        wanted: What rows must be like; None where only the application makes the answer.
        after: The place that the page begins behind.
        limit: How many rows.
    """

    question: bytes
    wanted: dict[str, Any] | None
    after: Position | None
    limit: int


@dataclass(frozen=True, slots=True)
class TransactionsLane:
    """Lists of transactions, for `serving.fast_lane`."""

    questions: WarehouseQuestions
    heads: Heads
    seconds: float
    permission = Permission.TRANSACTIONS_READ

    def understand(self, tenant: TenantId, query: bytes) -> Asked | None:
        """Return what a query string asks; None if the application must see to it."""
        try:
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            given = dict(pairs)
            if len(given) < len(pairs) or "" in given.values():
                return None  # which of two is meant, or nothing, is the framework's to say
            filters = TransactionsPage.model_validate(given)
            position = listing.position_of(filters)
        except (ValueError, ValidationError, InvalidInputError):
            return None
        if filters.sort != listing.NEWEST_FIRST or filters.enrich or filters.category is not None:
            return None
        return Asked(
            listing.question_asked(tenant, filters, position),
            wanted_of(filters) if filters.fields is None else None,
            listing.place_after(position),
            filters.limit,
        )

    def at_hand(self, tenant: TenantId, state: State, asked: Asked) -> bytes | None:
        """Return the answer's JSON, if the rows at hand tell it."""
        head = self.heads.of(tenant, state.text)
        if head is None or asked.wanted is None or not can_tell(asked.wanted):
            return None
        rows = head.choose(asked.wanted, asked.after, asked.limit + 1)
        return None if rows is None else joined(rows, asked.limit)

    async def make(self, tenant: TenantId, state: State, asked: Asked) -> bytes | None:
        """Return the answer's JSON as ClickHouse has its rows; None if that is the application's.

        Raises:
            OppulenceError: ClickHouse does not answer, or not in time.
        """
        if asked.wanted is None:
            return None
        is_news = can_tell(asked.wanted) and self.heads.of(tenant, state.text) is None
        if is_news and self.heads.is_worth_it(tenant, state.text):
            lines = await self._lines(tenant, {}, None, ROWS, state)
            self.heads.keep(tenant, Head(state.text, rows_of(lines), is_all=len(lines) < ROWS))
            body = self.at_hand(tenant, state, asked)
            if body is not None:
                return body
        lines = await self._lines(tenant, asked.wanted, asked.after, asked.limit + 1, state)
        return joined(rows_of(lines), asked.limit)

    async def _lines(
        self,
        tenant: TenantId,
        wanted: dict[str, Any],
        after: Position | None,
        limit: int,
        state: State,
    ) -> list[Line]:
        asking = steps(wanted, after, limit, may_displace=state.may_displace)
        query, parameters = next(asking)
        while True:
            lines = await self.questions.lines([tenant], query, parameters, seconds=self.seconds)
            try:
                query, parameters = asking.send(lines)
            except StopIteration as end:
                return list(end.value)


def joined(rows: list[Row], limit: int) -> bytes:
    """Return a page's JSON, as `serving.transactions.listing.page_of_lines` would be written."""
    body = b'{"data":[' + b",".join([row.json for row in rows[:limit]])
    if len(rows) <= limit:
        return body + b'],"has_more":false,"next_cursor":null}'
    cursor = listing.cursor_at(*rows[limit - 1].place)
    return body + b'],"has_more":true,"next_cursor":"' + cursor.encode() + b'"}'
