"""What is the API made of? The application: engines, routers, problems, documentation.

`create_app(settings)` needs no engine running: pools open with the server's lifespan.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from core.cache import connect_cache_on_loop
from core.settings import Settings
from core.warehouse_questions import WarehouseQuestions
from serving import data_docs, health, models_page, monitoring
from serving.accounts import router as accounts
from serving.answers import AnswerCache
from serving.api_keys import router as api_keys
from serving.audit_log import router as audit_log
from serving.auth.key_cache import KeyCache
from serving.backfills import router as backfills
from serving.balances import router as balances
from serving.completeness import router as completeness
from serving.connections import link_router as links
from serving.connections import router as connections
from serving.dead_letters import router as dead_letters
from serving.documentation import OPENAPI_PATH, add_documentation
from serving.engines import Engines
from serving.enrichment import router as enrichment
from serving.events import router as events
from serving.exchange import ExchangeMiddleware
from serving.exchange_rates import router as exchange_rates
from serving.fast_lane import FastLane
from serving.invitations import pages as invitation_pages
from serving.invitations import router as invitations
from serving.ledger import chart_router as charts
from serving.ledger import router as ledger
from serving.mart_states import MartStates
from serving.members import router as members
from serving.metrics import router as metrics
from serving.metrics import saved_router as saved_metrics
from serving.openapi import TITLE, VERSION, add_openapi
from serving.outbound import router as outbound
from serving.problems import add_problem_handlers
from serving.rate_limits import RateLimiter
from serving.reconciliation import decision_router as decisions
from serving.reconciliation import router as reconciliation
from serving.recovery import alert_router as recovery_alerts
from serving.recovery import brand_router as recovery_brand
from serving.recovery import episode_router as recovery_episodes
from serving.recovery import experiment_router as recovery_experiments
from serving.recovery import flow_router as recovery_flows
from serving.recovery import goal_router as recovery_goals
from serving.recovery import payer_pages
from serving.recovery import settings_router as recovery_settings
from serving.recovery import simulation_router as recovery_simulations
from serving.recovery import slack_router as recovery_slack
from serving.recovery import suppression_router as recovery_suppressions
from serving.recovery import task_router as recovery_tasks
from serving.recovery import template_router as recovery_templates
from serving.recovery_pages import analytics as analytics_pages
from serving.recovery_pages import board, brand, suppressions
from serving.recovery_pages import episodes as episode_pages
from serving.recovery_pages import experiments as experiment_pages
from serving.recovery_pages import flows as flow_pages
from serving.recovery_pages import settings as settings_pages
from serving.recovery_pages import tasks as task_pages
from serving.recovery_pages import templates as template_pages
from serving.sign_in import router as sign_in
from serving.sign_in.issuer import Issuer
from serving.states import StateReader
from serving.syncs import router as syncs
from serving.transactions import lane
from serving.transactions import router as transactions
from serving.transactions.heads import Heads
from serving.transactions.lane import TransactionsLane
from serving.usage import router as usage
from serving.usage.book import UsageBook
from serving.web import router as web
from serving.web.files import CurrentFiles
from serving.web.pages import STATIC_FOLDER, STATIC_PATH
from serving.webhooks import router as webhooks
from serving.webhooks.deliveries import Deliveries
from serving.whoami import router as whoami
from serving.workspaces import router as workspaces

ROUTERS = (
    transactions.router,
    accounts.router,
    balances.router,
    metrics.router,
    enrichment.router,
    saved_metrics.router,  # after metrics: "mrr" has a shape of its own
    exchange_rates.router,
    ledger.router,
    charts.router,
    reconciliation.router,
    decisions.router,
    links.router,  # before connections: "callback" is no connection's id
    connections.router,
    syncs.router,
    webhooks.router,
    events.router,
    dead_letters.router,
    completeness.router,
    backfills.router,
    outbound.router,
    recovery_flows.router,
    recovery_episodes.router,
    recovery_goals.router,
    recovery_tasks.router,
    recovery_settings.router,
    recovery_templates.router,
    recovery_brand.router,
    recovery_slack.router,
    recovery_alerts.router,
    recovery_suppressions.router,
    recovery_simulations.router,
    recovery_experiments.router,
    whoami.router,
    workspaces.router,
    members.router,
    invitations.router,
    api_keys.router,
    audit_log.router,
    usage.router,
)

PAGES = (
    sign_in.router,
    invitation_pages.router,
    web.router,
    payer_pages.router,
    board.router,
    episode_pages.router,
    task_pages.router,
    flow_pages.router,
    template_pages.router,
    brand.router,
    suppressions.router,
    experiment_pages.router,
    analytics_pages.router,
    settings_pages.router,
)


class State(TypedDict):
    """What every request finds in `request.state`, beside its exchange."""

    engines: Engines
    keys: KeyCache
    states: StateReader
    mart_states: MartStates
    limiter: RateLimiter
    answers: AnswerCache
    transactions_lane: TransactionsLane
    usage: UsageBook
    issuer: Issuer | None
    deliveries: Deliveries


class Application(FastAPI):
    """FastAPI's, behind what need not ask it."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put the fast lane before the framework's own layers, and the exchange around all."""
        lanes = {lane.PATH: "transactions_lane"}
        return ExchangeMiddleware(FastLane(super().build_middleware_stack(), lanes))


def create_app(settings: Settings) -> FastAPI:
    """Build the application.

    Raises:
        TypeError: A route under /v1 takes no tenant scope.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        engines = await run_in_threadpool(Engines.open, settings)
        book = UsageBook(engines.cache, engines.database)
        book.start()
        deliveries = Deliveries.open(engines)
        keys = KeyCache(engines.database, engines.api_key_secret, settings.required("database_url"))
        keys.start()
        limiter = RateLimiter(engines.cache)
        limiter.start()
        questions = WarehouseQuestions.of(settings)
        states = StateReader(questions, settings.query_seconds)
        answers = AnswerCache(
            engines.cache, connect_cache_on_loop(settings) if settings.redis_url else None
        )
        try:
            yield State(
                engines=engines,
                keys=keys,
                states=states,
                mart_states=MartStates(questions, settings.query_seconds),
                limiter=limiter,
                answers=answers,
                transactions_lane=TransactionsLane(questions, Heads(), settings.query_seconds),
                usage=book,
                issuer=Issuer.of(settings),
                deliveries=deliveries,
            )
        finally:
            await deliveries.close()
            await states.close()
            await answers.close()
            questions.close()
            await run_in_threadpool(keys.close)
            await run_in_threadpool(limiter.close)
            await run_in_threadpool(book.close)
            await run_in_threadpool(engines.close)

    application = Application(
        title=TITLE,
        version=VERSION,
        lifespan=lifespan,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_problem_handlers(application)
    application.include_router(health.router)
    application.include_router(monitoring.router)
    application.include_router(models_page.router)
    application.include_router(data_docs.router)
    for router in (*ROUTERS, *PAGES):
        application.include_router(router)
    application.mount(STATIC_PATH, CurrentFiles(directory=STATIC_FOLDER), name="static")
    add_documentation(application)
    add_openapi(application)
    return application
