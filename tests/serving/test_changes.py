"""Does every operation that changes something keep what is promised of all? New ones as well."""

from tests.serving.documented import DOCUMENT

# What a repeated call would cost nobody: it is computed again, and nothing is kept or sent.
PURE = {
    "/v1/enrichment", "/v1/enrichment/{facet}", "/v1/recovery/flow_validations",
    "/v1/recovery/template_checks", "/v1/recovery/flows/{flow_id}/simulate",
}  # fmt: skip
# Providers send no such header: their own event's id is what makes a repeat act once.
DELIVERED = {"/v1/webhooks/{provider}", "/v1/webhooks/{provider}/{connection_id}"}


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
