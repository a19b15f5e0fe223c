"""Who recovers, us or the provider? `/v1/recovery/settings`, settled for each connection."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.clock import utc_now
from core.errors import InvalidInputError, NotFoundError
from recovery.engine.clocks import zone_named
from recovery.store import settings
from serving.audit_log.entries import record
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.pagination import Collection
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery/settings", tags=["recovery"])

_EXAMPLE: JsonDict = {
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "name": "Northwind Analytics",
    "is_enabled": True,
    "owner": "oppulence",
    "timezone": "Europe/Dublin",
    "swept_at": "2024-05-01T12:00:00Z",
}


class ConnectionTerms(BaseModel):
    """How payments of one connection are recovered."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    connection_id: str
    name: str
    is_enabled: bool
    owner: Literal["provider", "oppulence"]
    timezone: str
    swept_at: datetime | None = Field(description="When the account was last walked")


class TermsRequest(BaseModel):
    """Whether, who retries, and whose clock counts where a customer's is not known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"is_enabled": True, "owner": "oppulence", "timezone": "Europe/Dublin"}]
        },
    )

    is_enabled: bool
    owner: Literal["provider", "oppulence"] = Field(
        default="provider",
        description="`provider`: Stripe's Smart Retries, we only write. `oppulence`: each invoice"
        " is taken over before we wait or retry, and Stripe must say that it will not",
    )
    timezone: str = Field(default="UTC", max_length=64, description="IANA name")


@router.get("", summary="List settings", operation_id="list_recovery_settings")
def get_settings(scope: RecoveryRead) -> Collection[ConnectionTerms]:
    """List the connections whose payments can be recovered, and how that is settled."""
    with scope.transaction() as rows:
        return Collection(data=[ConnectionTerms(**row) for row in rows.execute(settings.LIST)])


@router.put(
    "/{connection_id}",
    summary="Settle a connection",
    operation_id="put_recovery_settings",
    responses=problems(NotFoundError),
)
def put_settings(
    scope: RecoveryWrite,
    connection_id: Annotated[Id, Path(examples=["conn_0q2hz5k2m8w0c1t7e9b3n6x4r"])],
    request: TermsRequest,
) -> ConnectionTerms:
    """Turn recovery on or off and say who retries; the account is walked at once."""
    if zone_named(request.timezone) is None:
        raise InvalidInputError(f"{request.timezone} is no time zone.",
                                next_step="Use an IANA name, such as Europe/Dublin.")  # fmt: skip
    with scope.transaction() as rows:
        known = {row["connection_id"] for row in rows.execute(settings.LIST)}
        if connection_id not in known:
            raise NotFoundError(f"There is no Stripe connection {connection_id}.")
        values = request.model_dump()
        settings.put(rows, str(scope.tenant), connection_id, values, utc_now())
        record(rows, scope, "recovery_settings.changed", connection_id, **values)
        found = {row["connection_id"]: row for row in rows.execute(settings.LIST)}
    return ConnectionTerms(**found[connection_id])
