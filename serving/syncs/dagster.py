"""How is Dagster asked to run, and what has become of a run? Through its GraphQL interface.

Over plain HTTP: the API does not import Dagster, which would cost each worker 200 MB. The job and
its config are those of `orchestration` (a test holds the two together).
"""

from dataclasses import dataclass
from typing import Any, Literal

import httpx

from core.authorities import trusted
from core.errors import EngineUnavailableError
from core.settings import Settings

State = Literal["running", "succeeded", "failed", "canceled"]


class DagsterRefusedError(EngineUnavailableError):
    """Dagster answers, but does not take this run: its code may not be loaded yet."""


TIMEOUT_SECONDS = 10.0
_JOBS = """
{ repositoriesOrError { __typename ... on RepositoryConnection {
    nodes { name location { name } jobs { name } } } } }
"""
_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } } }
"""
_TAGGED = """
query Tagged($tags: [ExecutionTag!]!) {
  runsOrError(filter: {tags: $tags}, limit: 1) {
    __typename ... on Runs { results { runId } } } }
"""
_STATUS = """
query Status($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }
"""
_RUN_TAGS = """
query Tags($id: ID!) {
  runOrError(runId: $id) { __typename ... on Run { tags { key value } } } }
"""
_TERMINATE = """
mutation Terminate($id: String!) {
  terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) { __typename } }
"""
_STATES: dict[str, State] = {"SUCCESS": "succeeded", "FAILURE": "failed", "CANCELED": "canceled"}


@dataclass(frozen=True, slots=True)
class Dagster:
    """A Dagster webserver."""

    url: str

    @classmethod
    def of(cls, settings: Settings) -> "Dagster":
        """Return the configured webserver, or this machine's own."""
        return cls(settings.dagster_url or f"http://127.0.0.1:{settings.dagster_port}")

    def submit(
        self,
        job: str,
        config: dict[str, Any],
        tags: dict[str, str],
        *,
        also: dict[str, str] | None = None,
    ) -> str:
        """Queue a run and return its id; a run of the same tags, whose answer got lost, is kept.

        Args:
            job: Its name.
            config: Its run config.
            tags: What makes this run the one that is meant.
            also: Further tags, such as the partitions that it covers.

        Raises:
            DagsterRefusedError: It does not take the run, or none of its jobs has this name.
            EngineUnavailableError: No webserver answers.
        """
        named = _tags(tags)
        known = self._ask(_TAGGED, {"tags": named})["runsOrError"].get("results", [])
        if known:
            return str(known[0]["runId"])
        repository, location = self._home_of(job)
        selector = {
            "jobName": job, "repositoryName": repository, "repositoryLocationName": location,
        }  # fmt: skip
        params = {
            "selector": selector,
            "runConfigData": config,
            "executionMetadata": {"tags": [*named, *_tags(also or {})]},
            "mode": "default",
        }
        answer = self._ask(_LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise DagsterRefusedError(f"Dagster refused the run: {answer['__typename']}")
        return str(answer["run"]["runId"])

    def state_of(self, run_id: str) -> State:
        """Return the state of a run; one that Dagster knows no more has failed.

        Raises:
            EngineUnavailableError: No webserver answers.
        """
        answer = self._ask(_STATUS, {"id": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            return "failed"
        return _STATES.get(answer["status"], "running")

    def rows_of(self, run_id: str) -> int:
        """Return how many rows a run says it has landed.

        Raises:
            EngineUnavailableError: No webserver answers.
        """
        answer = self._ask(_RUN_TAGS, {"id": run_id})["runOrError"]
        found = {tag["key"]: tag["value"] for tag in answer.get("tags", [])}
        text = found.get("oppulence/rows", "0")
        return int(text) if text.isdigit() else 0

    def terminate(self, run_id: str) -> None:
        """End a run, if it has not ended by itself.

        Raises:
            EngineUnavailableError: No webserver answers.
        """
        self._ask(_TERMINATE, {"id": run_id})

    def _home_of(self, job: str) -> tuple[str, str]:
        answer = self._ask(_JOBS, {})["repositoriesOrError"]
        for node in answer.get("nodes", []):
            if job in {found["name"] for found in node["jobs"]}:
                return node["name"], node["location"]["name"]
        raise DagsterRefusedError(f"Dagster has no job {job}.")

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = httpx.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                timeout=TIMEOUT_SECONDS,
                verify=trusted(by_environment=True),
            )
            answer.raise_for_status()
            data: dict[str, Any] | None = answer.json()["data"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise EngineUnavailableError(
                f"Dagster did not answer: {type(error).__name__}"
            ) from error
        if data is None:  # its own engine is away: it answers with errors alone
            raise EngineUnavailableError("Dagster could not answer.")
        return data


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
