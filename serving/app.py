"""What is the API made of? The application: engines, routers, problems, documentation.

`create_app(settings)` needs no engine running: pools open with the server's lifespan.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from core.settings import Settings
from serving import health
from serving.accounts import router as accounts
from serving.answers import AnswerCache
from serving.api_keys import router as api_keys
from serving.audit_log import router as audit_log
from serving.auth.key_cache import KeyCache
from serving.balances import router as balances
from serving.connections import router as connections
from serving.documentation import OPENAPI_PATH, add_documentation
from serving.engines import Engines
from serving.exchange import ExchangeMiddleware
from serving.members import router as members
from serving.metrics import router as metrics
from serving.openapi import TITLE, VERSION, add_openapi
from serving.problems import add_problem_handlers
from serving.rate_limits import RateLimiter
from serving.syncs import router as syncs
from serving.transactions import router as transactions
from serving.whoami import router as whoami
from serving.workspaces import router as workspaces

ROUTERS = (
    transactions.router,
    accounts.router,
    balances.router,
    metrics.router,
    connections.router,
    syncs.router,
    whoami.router,
    workspaces.router,
    members.router,
    api_keys.router,
    audit_log.router,
)


class State(TypedDict):
    """What every request finds in `request.state`, beside its exchange."""

    engines: Engines
    keys: KeyCache
    limiter: RateLimiter
    answers: AnswerCache


def create_app(settings: Settings) -> FastAPI:
    """Build the application.

    Raises:
        TypeError: A route under /v1 takes no tenant scope.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        engines = await run_in_threadpool(Engines.open, settings)
        try:
            yield State(
                engines=engines,
                keys=KeyCache(engines.database, engines.api_key_secret),
                limiter=RateLimiter(engines.cache),
                answers=AnswerCache(engines.cache),
            )
        finally:
            await run_in_threadpool(engines.close)

    application = FastAPI(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    application.add_middleware(ExchangeMiddleware)
    add_problem_handlers(application)
    application.include_router(health.router)
    for router in ROUTERS:
        application.include_router(router)
    add_documentation(application)
    add_openapi(application)
    return application
