"""Do the reference and docs/api.md say what the API does, from this machine alone?"""

import re
from pathlib import Path

import pytest

from serving.auth.permissions import TABLE
from tests.serving.documented import DOCUMENT

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
OPERATIONS = [
    (f"{method} {path}", operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and operation["security"]  # others declare all their answers
]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_load_nothing_from_elsewhere(anonymous, path):
    page = anonymous.get(path)
    assert page.status_code == 200
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert addresses
    assert [address for address in addresses if not address.startswith("/")] == []
    assert {anonymous.get(address).status_code for address in addresses} == {200}
    assert "https://" not in page.text


def test_the_document_is_openapi_3_1_and_says_what_every_error_is():
    assert DOCUMENT["openapi"].startswith("3.1")
    for name, operation in OPERATIONS:
        assert {"401", "403", "422", "429", "500", "503"} <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            if status >= "400":
                content = answer["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        assert operation["operationId"].count("_v1_") == 0, name


def test_every_shape_has_an_example():
    schemas = DOCUMENT["components"]["schemas"]
    for name, operation in OPERATIONS:
        success = next(r for status, r in operation["responses"].items() if status < "400")
        if "application/json" not in success.get("content", {}):  # a file, or an empty answer
            continue
        shape = success["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        if shape.startswith(("Page_", "Collection_")):
            shape = schemas[shape]["properties"]["data"]["items"]["$ref"].rsplit("/", 1)[1]
        assert schemas[shape]["examples"], name


def test_every_reference_resolves():
    wanted = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert wanted <= set(DOCUMENT["components"]["schemas"])


def test_the_page_names_every_permission_and_resource():
    for permission, grant in TABLE.items():
        row = f"| `{permission}` | {grant.allows} | {', '.join(sorted(grant.roles))} |"
        assert row in PAGE
    for path in {"/".join(path.split("/")[:3]) for path in DOCUMENT["paths"]}:
        assert path in PAGE


def test_the_bare_address_leads_to_the_reference(anonymous):
    answer = anonymous.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    for path in ("/docs", "/redoc", "/openapi.json"):
        head = anonymous.head(path)
        assert (head.status_code, head.content) == (200, b"")
