"""How does a list come with its file? Two routes of one shape: a page of it, and all of it at once.

For domains that have several such lists: what differs is said once per list, in `Listed`. The
handlers are made here, so their parameters are given as annotations, which is what FastAPI reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.exporting import ANSWERS, Format, export


@dataclass(frozen=True, slots=True)
class Listed:
    """One list.

    Attributes:
        path: Where it is, below the router's prefix.
        summary: What reading it is called.
        operation: The name of reading it in clients: `list_ledger_entries`.
        description: What a page holds.
        page: The page's filters.
        answer: The page's type.
        give: Reads a page.
        file_summary: What taking the whole is called.
        file_operation: Its name in clients: `export_ledger_entries`.
        file_description: What the file holds.
        file: The file's filters, `format` among them; its `parameters()` are the query's.
        queries: What the file holds, by format.
        file_name: The file's name, without an ending.
        known: What the file's query needs besides its filters, of the caller's workspace.
    """

    path: str
    summary: str
    operation: str
    description: str
    page: type[BaseModel]
    answer: Any
    give: Callable[[TenantScope, Any], Any]
    file_summary: str
    file_operation: str
    file_description: str
    file: type[BaseModel]
    queries: Mapping[Format, TenantQuery]
    file_name: str
    known: Callable[[TenantScope], Mapping[str, Any]] = lambda scope: {}


def add_list_and_file(router: APIRouter, listed: Listed, *, read: Any, take: Any) -> None:
    """Give a router a list and its file.

    Args:
        router: Whose routes they become.
        listed: The list.
        read: The scope that reads a page: `LedgerRead`.
        take: The scope that takes the file: `LedgerExport`.
    """

    def get_page(scope: Any, query: Any) -> Any:
        return listed.give(scope, query)

    def get_file(scope: Any, query: Any) -> StreamingResponse:
        values = query.parameters() | listed.known(scope)
        return export(scope, listed.queries, values, query.format, listed.file_name)

    get_page.__annotations__ |= {"scope": read, "query": Annotated[listed.page, Query()]}
    get_file.__annotations__ |= {"scope": take, "query": Annotated[listed.file, Query()]}
    router.add_api_route(
        listed.path,
        get_page,
        methods=["GET"],
        summary=listed.summary,
        operation_id=listed.operation,
        description=listed.description,
        response_model=listed.answer,
    )
    router.add_api_route(
        f"{listed.path}/export",
        get_file,
        methods=["GET"],
        summary=listed.file_summary,
        operation_id=listed.file_operation,
        description=listed.file_description,
        response_class=StreamingResponse,
        responses=ANSWERS,
    )
