"""How is a run started on a Dagster that is up? Through its GraphQL interface, not waited for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

from core.errors import EngineUnavailableError


def submit(
    webserver_url: str,
    job_name: str,
    *,
    run_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Queue a run and return its id.

    Args:
        webserver_url: Such as `http://127.0.0.1:3000`.
        job_name: As in `orchestration.definitions`.
        run_config: From `orchestration.run_config`.
        tags: For a backfill `orchestration.partitions.range_tags`.

    Raises:
        EngineUnavailableError: No webserver answers, or it refuses the run.
    """
    url = urlsplit(webserver_url)
    try:
        client = DagsterGraphQLClient(
            url.hostname or "", port_number=url.port, use_https=url.scheme == "https"
        )
        return client.submit_job_execution(
            job_name, run_config=dict(run_config or {}), tags=dict(tags or {})
        )
    except (DagsterGraphQLClientError, OSError) as error:
        raise EngineUnavailableError(
            f"Dagster did not take the run: {str(error).splitlines()[0]}",
            next_step="Is `oppulence up` running? Its log names the reason.",
        ) from error
