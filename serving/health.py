"""Is the API alive, and can it serve? `/health` asks nobody; `/ready` asks each engine.

ClickHouse and Postgres are needed; without Redis the API serves on, uncached, so Redis being down
is told but does not take an instance out of rotation.
"""

import time
from collections.abc import Callable
from typing import Literal

import psycopg
import redis
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from core.errors import EngineUnavailableError
from serving.engines import Engines
from serving.problems import problem_of, problem_response
from serving.responses import problems

ANSWER_SECONDS = 2.0
router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class EngineState(BaseModel):
    """One engine, as it answered just now."""

    state: Literal["up", "down", "off"]
    needed: bool
    milliseconds: float


class Readiness(BaseModel):
    """Everything that requests need is up."""

    status: Literal["ready"] = "ready"
    engines: dict[str, EngineState]


@router.get("/health", summary="Is the process alive?")
async def health() -> Health:
    """Answer without asking any engine: for a supervisor that restarts what hangs."""
    return Health()


@router.get(
    "/ready",
    summary="Can it serve requests?",
    response_model=Readiness,
    responses=problems(EngineUnavailableError),
)
def ready(request: Request) -> Readiness | JSONResponse:
    """Ask each engine; 503 with their states when one that is needed is down."""
    engines: Engines = request.state.engines
    states = {
        "clickhouse": _state(lambda: _ping_clickhouse(engines), needed=True),
        "postgres": _state(lambda: _ping_postgres(engines), needed=True),
        "redis": _state(lambda: _ping_redis(engines), needed=False),
    }
    if all(state.state == "up" for state in states.values() if state.needed):
        return Readiness(engines=states)
    problem = problem_of(EngineUnavailableError("A needed engine is down."), request)
    problem.engines = {name: state.model_dump() for name, state in states.items()}
    return problem_response(problem)


def _state(ping: Callable[[], bool | None], *, needed: bool) -> EngineState:
    started_at = time.monotonic()
    try:
        answer = ping()
    except (EngineUnavailableError, PoolTimeout, psycopg.Error, redis.RedisError):
        answer = False
    milliseconds = round((time.monotonic() - started_at) * 1000, 1)
    states: dict[bool | None, Literal["up", "down", "off"]] = {True: "up", False: "down"}
    return EngineState(state=states.get(answer, "off"), needed=needed, milliseconds=milliseconds)


def _ping_clickhouse(engines: Engines) -> bool:
    return bool(engines.warehouse.client.ping())


def _ping_postgres(engines: Engines) -> bool:
    with engines.database.pool.connection(timeout=ANSWER_SECONDS) as connection:
        return connection.execute("select 1 as one").fetchone() == {"one": 1}


def _ping_redis(engines: Engines) -> bool | None:
    return None if engines.cache is None else bool(engines.cache.ping())
