"""Where can a person read the API? `/docs` and `/redoc`, from files of this machine alone.

The pages' scripts and styles come from the `fastapi-offline` package's static files; no page
loads anything from another host, so they work where there is no internet.
"""

from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

ASSETS_PATH = "/docs/assets"
OPENAPI_PATH = "/openapi.json"
_ICON = f"{ASSETS_PATH}/favicon.png"

router = APIRouter(include_in_schema=False)


def add_documentation(application: FastAPI) -> None:
    """Mount the assets and the two pages."""
    folder = str(files("fastapi_offline") / "static")
    application.mount(ASSETS_PATH, StaticFiles(directory=folder), name="documentation-assets")
    application.include_router(router)


@router.api_route("/", methods=["GET", "HEAD"])
async def front_door() -> RedirectResponse:
    """Lead whoever opens the bare address to the reference."""
    return RedirectResponse("/docs", 307)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def swagger() -> HTMLResponse:
    """Show the operations, ready to be tried."""
    return get_swagger_ui_html(
        openapi_url=OPENAPI_PATH,
        title="Oppulence API",
        swagger_js_url=f"{ASSETS_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS_PATH}/swagger-ui.css",
        swagger_favicon_url=_ICON,
        swagger_ui_parameters={"persistAuthorization": True},
    )


@router.api_route("/redoc", methods=["GET", "HEAD"])
async def redoc() -> HTMLResponse:
    """Show the reference."""
    return get_redoc_html(
        openapi_url=OPENAPI_PATH,
        title="Oppulence API",
        redoc_js_url=f"{ASSETS_PATH}/redoc.standalone.js",
        redoc_favicon_url=_ICON,
        with_google_fonts=False,
    )
