"""Are the sandbox's answers what Plaid's own document allows? Run by hand: it needs the document.

    python -m tests.sandbox.plaid_document 2020-09-14.yml

The document is Plaid's (github.com/plaid/plaid-openapi) and stays out of this repository.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import yaml
from jsonschema import Draft7Validator

from sandbox.plaid import ACCESS_TOKEN, CLIENT_ID, SECRET
from sandbox.plaid.institutions import BROKERAGE, CASCADE
from sandbox.process import running_sandbox

LINK = {
    "client_name": "Oppulence", "language": "en", "country_codes": ["US"],
    "user": {"client_user_id": "ws_demo"}, "products": ["transactions"], "hosted_link": {},
}  # fmt: skip


def as_json_schema(part: Any) -> Any:
    """Return a part of an OpenAPI 3.0 document with `nullable` as JSON Schema says it."""
    if isinstance(part, list):
        return [as_json_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {name: as_json_schema(value) for name, value in part.items()}
    if found.pop("nullable", False) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


class Document:
    """Plaid's document, and the sandbox that is held against it."""

    def __init__(self, path: Path, url: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.document = yaml.load(path.read_text(), Loader=loader)
        self.schemas = as_json_schema(self.document["components"]["schemas"])
        self.client = httpx.Client(base_url=f"{url}/plaid", trust_env=False)
        self.differences = 0

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask the sandbox and say where its answer differs."""
        keys = {"client_id": CLIENT_ID, "secret": SECRET}
        answer = self.client.post(path, json={**keys, **body})
        responses = self.document["paths"][path]["post"]["responses"]
        response = responses.get(str(answer.status_code), responses["default"])
        schema = as_json_schema(response["content"]["application/json"]["schema"])
        found: dict[str, Any] = answer.json()
        problems = {
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in Draft7Validator(
                {**schema, "components": {"schemas": self.schemas}}
            ).iter_errors(found)
        }
        self.differences += len(problems)
        lines = [f"{answer.status_code} {path}", *(f"    {text}" for text in sorted(problems))]
        sys.stdout.write("\n".join(lines) + "\n")
        return found


def main(path: Path) -> int:
    """Ask every endpoint that the sandbox has, and return how often it differed."""
    with TemporaryDirectory() as folder, running_sandbox(Path(folder), "--scale", "60") as sandbox:
        plaid = Document(path, sandbox.url)
        first = {"access_token": ACCESS_TOKEN}
        for place in ("/accounts/get", "/accounts/balance/get", "/item/get", "/liabilities/get"):
            plaid.ask(place, **first)
        page = plaid.ask("/transactions/sync", **first, count=500)
        while page["has_more"]:
            page = plaid.ask("/transactions/sync", **first, cursor=page["next_cursor"], count=500)
        later = {"advance_seconds": 10 * 86_400}
        httpx.post(f"{sandbox.url}/_sandbox/clock", json=later, trust_env=False)
        plaid.ask("/transactions/sync", **first, cursor=page["next_cursor"], count=500)
        plaid.ask("/investments/holdings/get", **first)
        plaid.ask("/institutions/get_by_id", institution_id=CASCADE.id, country_codes=["US"])
        link = plaid.ask("/link/token/create", **LINK)
        httpx.get(link["hosted_link_url"], trust_env=False)
        plaid.ask("/link/token/get", link_token=link["link_token"])
        public = plaid.ask(
            "/sandbox/public_token/create",
            institution_id=BROKERAGE.id, initial_products=["investments"],
        )  # fmt: skip
        opened = plaid.ask("/item/public_token/exchange", public_token=public["public_token"])
        item = {"access_token": opened["access_token"]}
        plaid.ask("/investments/holdings/get", **item)
        span = {"start_date": "2026-01-01", "end_date": "2026-12-01"}
        plaid.ask("/investments/transactions/get", **item, **span)
        plaid.ask("/sandbox/item/reset_login", **item)
        plaid.ask("/accounts/get", **item)
        plaid.ask("/item/get", **item)
        plaid.ask("/item/remove", **item)
        return plaid.differences


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
