"""Where are the warehouse's models explained? `/models`: dbt's pages of this installation.

`oppulence migrate` writes the file, which holds no data, only what tables and columns mean. The
page is dbt's own application of one file; the browser is told to load and to call nothing else.
"""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from core.errors import NotFoundError
from serving.engines import Engines

PATH = "/models"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval';"
    " style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

router = APIRouter(tags=["models"])


@router.get(PATH, include_in_schema=False)
def models(request: Request) -> Response:
    """Show the page.

    Raises:
        NotFoundError: None has been written here.
    """
    engines: Engines = request.state.engines
    page = engines.settings.data_dir / "dbt-docs" / "index.html"
    if not page.is_file():
        raise NotFoundError(
            "The models' pages have not been written here.",
            next_step="`oppulence migrate` writes them; `dbt docs generate --static` does as well.",
        )
    return FileResponse(page, media_type="text/html", headers=HEADERS)
