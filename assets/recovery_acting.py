"""How do the marts become actions? Read as the workspace, scored, asked of the API under its key.

    marts.fct_recovery_episodes (open) ─┐
    model of propensity                 ├─▶ decide ─▶ POST /v1/recovery/episodes/{id}/actions
    GET /v1/recovery/episodes (running) ┘

The API notes every action in the audit log under the key's name, and does a repeated one once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx
import polars as pl

from assets.recovery_deciding import decide
from core.errors import ConfigurationError, EngineUnavailableError
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from ml.propensity.model import PropensityModel
from ml.propensity.tries import COLUMNS

OPEN = TenantQuery("""
select connection_id, episode_id, is_retriable, attempts_made, last_failed_at, last_decline_code,
    amount_minor, currency, country, customer_id
from marts.fct_recovery_episodes final
where outcome = 'open' and amount_minor > 0
order by opened_at, episode_id
""")
SINCE = TenantQuery("""
select connection_id, id, created_at from unified.customers final where id in {ids:Array(String)}
""")
REPLAYED_HEADER = "Idempotency-Replayed"


def keys_of(text: str) -> dict[TenantId, str]:
    """Return the API keys by workspace.

    Raises:
        ConfigurationError: Not `ws_…=opk_…`, by comma.

    >>> keys_of("ws_a=opk_1, ws_b=opk_2")
    {TenantId('ws_a'): 'opk_1', TenantId('ws_b'): 'opk_2'}
    """
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        workspace, equals, key = part.partition("=")
        if not equals or not key:
            raise ConfigurationError(
                "OPPULENCE_RECOVERY_API_KEYS is written ws_…=opk_…, by comma.",
                next_step="See docs/settings.md.",
            )
        found[TenantId(workspace)] = key
    return found


def act_on(
    warehouse: Warehouse,
    tenant: TenantId,
    model: PropensityModel | None,
    api: httpx.Client,
    now: datetime,
) -> dict[str, int]:
    """Act on a workspace's open failures; return how many of each answer there were.

    Args:
        warehouse: Where the marts are.
        tenant: Whose.
        model: Of propensity; None where none is registered: then nothing is tried.
        api: A client that sends the workspace's key.
        now: The moment.

    Raises:
        EngineUnavailableError: The API refuses the key, or does not answer.
    """
    told: Counter[str] = Counter()
    owners = {one["connection_id"]: one["owner"] for one in _all(api, "/v1/recovery/settings")
              if one["is_enabled"]}  # fmt: skip
    running = {
        (one["connection_id"], one["subject_id"]): one["id"]
        for one in _all(api, "/v1/recovery/episodes", state="running")
        if one["flow_id"] is None and one["connection_id"] in owners
    }
    failures = [row for row in warehouse.tenant_rows(tenant, OPEN)
                if (row["connection_id"], row["episode_id"]) in running]  # fmt: skip
    chances = _chances(warehouse, tenant, failures, model, now)
    for failure, chance in zip(failures, chances, strict=True):
        place = failure["connection_id"], failure["episode_id"]
        episode = _ask(api, "GET", f"/v1/recovery/episodes/{running[place]}")
        may_retry = owners[failure["connection_id"]] == "oppulence"
        act = decide(failure, episode, chance, now, may_retry=may_retry)
        if act is None:
            told["left alone"] += 1
            continue
        path = f"/v1/recovery/episodes/{act.episode_id}/actions"
        answer = api.post(path, json=dict(act.body), headers={"Idempotency-Key": act.key})
        if answer.status_code == httpx.codes.CONFLICT:
            told["refused"] += 1  # it ended, or one is under way
            continue
        _checked(answer)
        told["repeated" if REPLAYED_HEADER in answer.headers else act.body["do"]] += 1
    return dict(told)


def _chances(
    warehouse: Warehouse,
    tenant: TenantId,
    failures: list[dict[str, Any]],
    model: PropensityModel | None,
    now: datetime,
) -> list[float | None]:
    if model is None or not failures:
        return [None] * len(failures)
    ids = sorted({row["customer_id"] for row in failures})
    since = {(row["connection_id"], row["id"]): row["created_at"]
             for row in warehouse.tenant_rows(tenant, SINCE, {"ids": ids})}  # fmt: skip
    asked = [
        ("stripe", row["last_decline_code"] or None, row["attempts_made"] + 1, row["amount_minor"],
         row["currency"], row["country"], since.get((row["connection_id"], row["customer_id"])),
         now, None)
        for row in failures
    ]  # fmt: skip
    return list(model.chances(pl.DataFrame(asked, schema=COLUMNS, orient="row")))


def _all(api: httpx.Client, path: str, **query: str) -> Iterator[dict[str, Any]]:
    cursor: Mapping[str, str] = {}
    while True:
        page = _ask(api, "GET", path, params={**query, **cursor})
        yield from page["data"]
        if not page.get("next_cursor"):
            return
        cursor = {"cursor": page["next_cursor"]}


def _ask(api: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _checked(api.request(method, path, **options)).json()
    return answer


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise EngineUnavailableError(
            f"The API answered {answer.status_code} to {answer.request.url.path}.",
            next_step="Check OPPULENCE_RECOVERY_API_KEYS and the API's log.",
        )
    return answer
