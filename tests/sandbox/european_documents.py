"""Are the sandbox's answers what the providers' documents allow? Run by hand, with the document.

    python -m tests.sandbox.european_documents gocardless api.yml
    python -m tests.sandbox.european_documents enablebanking openapi.yml

Enable Banking's document says in words which fields are null, and in its schema that none is: those
that are null and not required are left out here, as if they were not sent. The documents are the
providers' and stay out of this repository (docs/provider-documents.md).
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml
from jsonschema import Draft202012Validator, FormatChecker

import core.clock
from core.clock import utc_now
from core.settings import Settings
from linking.enablebanking import FLOW as ENABLE
from linking.enablebanking_token import application_headers
from linking.gocardless_token import application_token
from sandbox.gocardless.app import SECRET_ID, SECRET_KEY
from tests.another_day import AHEAD, clock_ahead
from tests.european_banks import (
    AMSTEL,
    CALLBACK,
    HANSA,
    HANSA_AT_ENABLE,
    KARTEN,
    EuropeanBanks,
    running_banks,
)
from tests.sandbox.plaid_document import as_json_schema


class Document:
    """A provider's document, and the sandbox that is held against it."""

    def __init__(self, path: Path, base: str, prefix: str = "") -> None:
        self.document = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        self.schemas = as_json_schema(self.document["components"]["schemas"])
        self.client = httpx.Client(trust_env=False)
        self.base, self.prefix, self.differences = base, prefix, 0
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Ask the sandbox and say where its answer differs."""
        url = f"{self.base}{path}"
        answer = self.client.request(method, url, json=body, params=query, headers=self.headers)
        problems = set(self._differences(method, f"{self.prefix}{path}", answer))
        self.differences += len(problems)
        lines = [f"{answer.status_code} {method} {path}", *(f"    {p}" for p in sorted(problems))]
        sys.stdout.write("\n".join(lines) + "\n")
        return answer.json()

    def _differences(self, method: str, path: str, answer: httpx.Response) -> list[str]:
        known = next(
            (
                operations[method.lower()]
                for template, operations in self.document["paths"].items()
                if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
                and method.lower() in operations
            ),
            None,
        )
        if known is None:
            return ["the document has no such request"]
        response = known["responses"].get(str(answer.status_code))
        if response is None:
            return [f"the document has no answer {answer.status_code}"]
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return []
        whole = {**as_json_schema(schema), "components": {"schemas": self.schemas}}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(without_nulls(answer.json()))
        ]


def without_nulls(value: Any) -> Any:
    """Return a JSON value without the members that are null."""
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return value


def gocardless(path: Path, banks: EuropeanBanks, settings: Settings) -> Document:
    """Ask everything that GoCardless's sandbox has."""
    document = Document(path, f"{settings.gocardless_api_url}/api/v2", "/api/v2")
    secrets = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY}
    token = document.ask("POST", "/token/new/", secrets)
    document.ask("POST", "/token/refresh/", {"refresh": token["refresh"]})
    document.ask("POST", "/token/new/", secrets | {"secret_key": "wrong"})
    document.ask("GET", "/institutions/", country="de")
    document.headers["Authorization"] = f"Bearer {application_token(settings).current()}"
    document.ask("GET", "/institutions/", country="de")
    for bank in (HANSA, KARTEN):
        document.ask("GET", f"/institutions/{bank['institution_id']}/")
        agreement = document.ask("POST", "/agreements/enduser/", bank)
        wanted = bank | {"redirect": CALLBACK, "agreement": agreement["id"]}
        requisition = document.ask("POST", "/requisitions/", wanted)
        document.client.get(requisition["link"])
        document.ask("GET", f"/agreements/enduser/{agreement['id']}/")
        requisition = document.ask("GET", f"/requisitions/{requisition['id']}/")
        for account in requisition["accounts"]:
            for scope in ("", "details/", "balances/", "transactions/"):
                document.ask("GET", f"/accounts/{account}/{scope}")
        for _ in range(4):
            document.ask("GET", f"/accounts/{requisition['accounts'][0]}/balances/")
        banks.strike("consent_expired", requisition["accounts"][0])
        document.ask("GET", f"/accounts/{requisition['accounts'][0]}/transactions/")
        document.ask("DELETE", f"/requisitions/{requisition['id']}/")
        document.ask("GET", f"/requisitions/{requisition['id']}/")
    document.ask("GET", "/accounts/nonsense/details/")
    return document


def enablebanking(path: Path, banks: EuropeanBanks, settings: Settings) -> Document:
    """Ask everything that Enable Banking's sandbox has."""
    document = Document(path, settings.enablebanking_api_url)
    document.ask("GET", "/application")
    document.headers |= application_headers(settings, utc_now())
    document.ask("GET", "/application")
    document.ask("GET", "/aspsps", country="DE")
    document.ask("POST", "/auth", {"state": "x"})
    for bank in (AMSTEL, HANSA_AT_ENABLE):
        started = document.ask("POST", "/auth", {
            "access": {"valid_until": utc_now().replace(year=utc_now().year + 1).isoformat()},
            "aspsp": {"name": bank["aspsp"], "country": bank["country"]},
            "state": f"state {bank['aspsp']}", "redirect_url": CALLBACK, "psu_type": "business",
        } if bank is HANSA_AT_ENABLE else {
            "access": {"valid_until": utc_now().isoformat()},
            "aspsp": {"name": bank["aspsp"], "country": bank["country"]},
            "state": f"state {bank['aspsp']}", "redirect_url": CALLBACK,
        })  # fmt: skip
        if "url" not in started:
            continue
        back = document.client.get(started["url"]).headers["location"]
        code = dict(part.split("=") for part in urlsplit(back).query.split("&"))["code"]
        document.ask("POST", "/sessions", {"code": code})
    session = banks.link(ENABLE, AMSTEL).credentials["session_id"]
    found = document.ask("GET", f"/sessions/{session}")
    for uid in found["accounts"]:
        document.ask("GET", f"/accounts/{uid}/details")
        for _ in range(5):
            document.ask("GET", f"/accounts/{uid}/balances")
        query = {"strategy": "longest"}
        while query:
            page = document.ask("GET", f"/accounts/{uid}/transactions", **query)
            key = page.get("continuation_key")
            query = {"strategy": "longest", "continuation_key": key} if key else {}
    document.ask("DELETE", f"/sessions/{session}")
    document.ask("GET", f"/accounts/{found['accounts'][0]}/balances")
    return document


def main(provider: str, path: Path) -> int:
    """Ask the sandbox of one provider, and return how often it differed."""
    core.clock.datetime = clock_ahead(AHEAD)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder, running_banks(Path(folder)) as banks:
        settings = banks.configure(Settings())
        asks = {"gocardless": gocardless, "enablebanking": enablebanking}
        document = asks[provider](path, banks, settings)
        document.client.close()
    sys.stdout.write(f"{document.differences} differences\n")
    return document.differences


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1], Path(sys.argv[2]))))
