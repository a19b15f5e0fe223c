"""Is a query parameter that a route does not take an error, at every route that a key opens?"""

from fastapi.routing import iter_route_contexts

from serving.query_parameters import declared
from tests.serving.documented import APPLICATION, DOCUMENT

SCOPED = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and "api_key" in str(operation["security"])
]
# What others lead here may carry whatever they append.
OPEN = ["/health", "/ready", "/docs", "/sign_in", "/v1/connections/callback"]


def filled(path, operation):
    """Return a path with something in each place of it, as the document's examples have it."""
    for one in operation.get("parameters", []):
        if one["in"] == "path":
            examples = one.get("examples") or one["schema"].get("examples") or ["x"]
            path = path.replace(f"{{{one['name']}}}", str(examples[0]))
    return path


def test_an_unknown_parameter_is_a_problem_at_every_route_that_a_key_opens(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = 2000000000")
    asked = 0
    for method, path, operation in SCOPED:
        if operation["operationId"] == "deliver_webhook":
            continue
        answer = workspace.api.request(
            method, filled(path, operation), params={"utm_source": "x"},
            headers=workspace.headers(),
        )  # fmt: skip
        told = (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", told
        problem = answer.json()
        assert (problem["status"], problem["code"], problem["errors"]) == (
            422, "invalid_input",
            [{"location": "query.utm_source", "message": "Extra inputs are not permitted"}],
        ), told  # fmt: skip
        asked += 1
    assert asked > 100


def test_a_single_value_given_twice_is_a_problem_and_a_list_is_not(workspace):
    for path in ("/v1/metrics/mrr", "/v1/metrics/live_mrr", "/v1/transactions", "/v1/accounts"):
        name = "provider" if path == "/v1/accounts" else "currency"
        answer = workspace.get(path, **{name: ["EUR", "USD"]})
        assert (answer.status_code, answer.json()["errors"]) == (
            422, [{"location": f"query.{name}", "message": "Give it once"}],
        ), path  # fmt: skip
    cut = workspace.get("/v1/metrics/mrr_movements", by=["kind", "is_involuntary"])
    assert (cut.status_code, cut.json()["data"]) == (200, [])


def test_a_caller_without_a_key_learns_of_no_parameter(anonymous):
    answer = anonymous.get("/v1/accounts", params={"utm_source": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


def test_what_others_lead_to_takes_what_they_append(anonymous):
    for path in OPEN:
        plain = anonymous.get(path)
        appended = anonymous.get(path, params={"utm_source": "x"})
        assert appended.status_code == plain.status_code, path
        assert "utm_source" not in appended.text, path


def test_what_a_route_takes_is_what_the_document_says():
    """The document's operations by method and path: their query parameters, and which are lists."""
    documented = {
        (method, path): {
            one["name"]: one["schema"].get("type") == "array"
            for one in operation.get("parameters", [])
            if one["in"] == "query"
        }
        for method, path, operation in SCOPED
    }
    taken = {
        (method, route.path): dict(declared(route.dependant))
        for route in iter_route_contexts(APPLICATION.routes)
        for method in route.methods or ()
        if (method, route.path) in documented
    }
    assert taken == documented
