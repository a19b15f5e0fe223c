"""Where are the suites' results read? `GET /data-docs/`: the pages that the checks wrote.

They are about every workspace together, so they are for the operator alone, as `/metrics` is. They
come from the object store, name tables and counts, and run no script.
"""

import re

import obstore
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from core.objects import connect_objects
from serving.engines import Engines
from serving.monitoring import is_operator

router = APIRouter(tags=["health"])
_NAME = re.compile(r"[a-z]{2,40}\.html")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get("/data-docs/", include_in_schema=False)
@router.get("/data-docs/{name}", include_in_schema=False)
def data_docs(request: Request, name: str = "index.html") -> Response:
    """Show a page of the data docs."""
    engines: Engines = request.state.engines
    if not is_operator(request, engines.settings) or not _NAME.fullmatch(name):
        raise HTTPException(404)
    try:
        page = obstore.get(connect_objects(engines.settings), f"data_docs/{name}").bytes()
    except FileNotFoundError:
        raise HTTPException(404) from None
    return Response(bytes(page), media_type="text/html; charset=utf-8", headers=HEADERS)
