"""Does every operation that changes something keep what is promised of all? New ones as well."""

from types import FunctionType
from typing import get_type_hints

from serving.audit_log.entries import record, record_by_member, record_by_system
from serving.auth.scope import Requires
from serving.rate_limits import QUOTAS
from tests.serving.documented import DOCUMENT
from tests.serving.reach import handlers, reached

# What a repeated call would cost nobody: it is computed again, and nothing is kept or sent.
PURE = {
    "/v1/enrichment", "/v1/enrichment/{facet}", "/v1/recovery/flow_validations",
    "/v1/recovery/template_checks", "/v1/recovery/flows/{flow_id}/simulate",
}  # fmt: skip
# Providers send no such header: their own event's id is what makes a repeat act once.
DELIVERED = {"/v1/webhooks/{provider}", "/v1/webhooks/{provider}/{connection_id}"}
# Changes nothing: the words that a language model suggests are kept only when they are saved.
SUGGESTED = {"/v1/recovery/template_rewrites"}
READS = {"GET", "HEAD", "OPTIONS"}
AUDITED = {record, record_by_member, record_by_system}


def test_every_post_acts_once_under_its_idempotency_key():
    without = {
        path
        for path, operations in DOCUMENT["paths"].items()
        if "post" in operations
        and not any(
            one["name"] == "Idempotency-Key" for one in operations["post"].get("parameters", [])
        )
    }
    assert without == PURE | DELIVERED


def test_every_change_writes_into_the_audit_log():
    """What providers deliver has a log of its own: `/v1/events`."""
    changes = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method.upper() not in READS
    }
    told = {(method, path) for method, path, handler in handlers() if reached(handler)[0] & AUDITED}
    assert {path for _, path in changes - told} == PURE | DELIVERED | SUGGESTED


def test_all_that_has_a_quota_counts_the_work_and_not_the_request():
    """Ending work costs none of it."""
    limited = {
        path: "quota" in reached(handler)[1]
        for _, path, handler in handlers()
        if (scope := _scope_of(handler)) is not None and scope.route_class in QUOTAS
    }
    assert len(limited) > 10
    assert {path for path, is_counted in limited.items() if not is_counted} == {
        "/v1/backfills/{backfill_id}/cancel"
    }


def _scope_of(handler: FunctionType) -> Requires | None:
    for hint in get_type_hints(handler, include_extras=True).values():
        for extra in getattr(hint, "__metadata__", ()):
            scope = getattr(extra, "dependency", None)
            if isinstance(scope, Requires):
                return scope
    return None
