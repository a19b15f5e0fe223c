"""What is configured? The only reader of the environment.

Every part of the platform receives a frozen `Settings`. Engines are URLs: with none set, `local/`
starts the same engines on this machine and fills the URLs in. Names in the environment carry the
prefix `OPPULENCE_`, but for the providers' own well-known names (`STRIPE_API_KEY`).
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

ENVIRONMENT_PREFIX = "OPPULENCE_"
PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The platform's configuration; see docs/settings.md for each variable.

    A URL that is None means "embedded": `local/` starts that engine and sets the URL.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="ignore", populate_by_name=True
    )

    # Engines. ClickHouse over HTTP with the user in the URL: https://user:secret@host:8443
    clickhouse_url: SecretStr | None = None
    clickhouse_cluster: str = ""
    # The user that `oppulence migrate` makes for the API: it may read, and nothing else.
    clickhouse_reader_url: SecretStr | None = None
    # Another for the operator's analysts, who read what the models made: see dbt/README.md.
    clickhouse_analyst_url: SecretStr | None = None
    # Three roles on one Postgres: migrations own the tables, the application is bound by row-level
    # security, orchestration may see which connections exist in every workspace.
    database_owner_url: SecretStr | None = None
    database_url: SecretStr | None = None
    database_system_url: SecretStr | None = None
    dagster_database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    object_store_url: str = ""
    object_store_endpoint: str = ""

    # Where the embedded engines, Dagster and the sandbox keep their files.
    data_dir: Path = Path(".oppulence")
    dbt_project_dir: Path = PROJECT_ROOT / "dbt"
    dbt_threads: int = Field(default=4, ge=1, le=32)

    # Secrets. The first key encrypts, all decrypt (rotation); 32 bytes in URL-safe base64 each.
    encryption_keys: SecretStr | None = None
    # Keys the hash under which API keys are stored; changing it revokes them all.
    api_key_secret: SecretStr | None = None

    # Serving
    host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=1, le=65535)
    # How long a query of the warehouse may take that somebody waits for.
    query_seconds: float = Field(default=10.0, gt=0, le=300)
    # Whether events of ours may be sent to this machine itself: for trying them out.
    outbound_local: bool = False
    # Keys with which Dagster acts on episodes that no flow takes: `ws_…=opk_…`, by comma.
    recovery_api_keys: SecretStr | None = None
    # Who may read /metrics from another machine; without it, this machine alone may.
    metrics_token: SecretStr | None = None
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    # Where the API finds Dagster; empty for this machine's own, on `dagster_port`.
    dagster_url: str = ""
    clickhouse_port: int = Field(default=8123, ge=1, le=65535)
    sandbox_port: int = Field(default=12111, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    # People: where their browsers find the API, who proves who they are, and how mail reaches them.
    public_url: str = Field(default="", pattern=r"^(https?://[^/?#\s]+/?)?$")
    oidc_issuer: str = Field(default="", pattern=r"^(https?://[^?#\s]+)?$")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    # smtp://user:password@host:587 (TLS by STARTTLS) or smtps://host:465.
    smtp_url: SecretStr | None = None
    mail_from: str = "Oppulence <oppulence@localhost>"

    # A language model that helps to write messages, behind OpenAI's chat completions; off unless an
    # address and a model are named. Only templates are sent there (docs/messages.md).
    language_model_url: str = Field(default="", pattern=r"^(https?://[^?#\s]+)?$")
    language_model_key: SecretStr | None = None
    language_model_name: str = ""
    language_model_seconds: float = Field(default=30.0, gt=0, le=120)

    # Who is told when a check or a run fails (docs/data_quality.md); the log always is.
    alert_severity: Literal["warning", "error"] = "error"
    alert_webhook_url: SecretStr | None = None
    # Signs what goes there, as Standard Webhooks says: whsec_ and base64.
    alert_webhook_secret: SecretStr | None = None
    # Addresses by comma; they need `smtp_url`.
    alert_emails: str = ""

    # Providers
    stripe_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("STRIPE_API_KEY", f"{ENVIRONMENT_PREFIX}STRIPE_API_KEY"),
    )
    stripe_api_url: str = "https://api.stripe.com"
    # Requests per second that one Stripe account may see from us, a quarter more in any one second.
    # Stripe's own limit is 25 in test mode and 100 live (80 here). Lowered when it answers 429.
    stripe_requests_per_second: float = Field(default=20.0, gt=0, le=1000)
    poll_seconds: float = Field(default=10.0, ge=0.5, le=3600)
    # Oppulence's own applications at the other providers, and where each provider is.
    plaid_client_id: str = ""
    plaid_secret: SecretStr | None = None
    plaid_api_url: str = "https://production.plaid.com"
    gocardless_secret_id: str = ""
    gocardless_secret_key: SecretStr | None = None
    gocardless_api_url: str = "https://bankaccountdata.gocardless.com"
    # What GoCardless allows one application to ask about accounts, over all of its connections.
    gocardless_calls_per_minute: int = Field(default=100, ge=1, le=1_000_000)
    teller_application_id: str = ""
    # Teller and Enable Banking know an application by its key: files in PEM.
    teller_certificate_file: Path | None = None
    teller_private_key_file: Path | None = None
    teller_api_url: str = "https://api.teller.io"
    enablebanking_application_id: str = ""
    enablebanking_private_key_file: Path | None = None
    enablebanking_api_url: str = "https://api.enablebanking.com"
    quickbooks_client_id: str = ""
    quickbooks_client_secret: SecretStr | None = None
    quickbooks_api_url: str = "https://quickbooks.api.intuit.com"
    xero_client_id: str = ""
    xero_client_secret: SecretStr | None = None
    xero_api_url: str = "https://api.xero.com"
    # Those that Xero gives to applications made since 2026-03; add accounting.journals.read where
    # the application's plan has journals.
    xero_scopes: str = (
        "offline_access accounting.settings.read accounting.contacts.read accounting.invoices.read"
        " accounting.payments.read accounting.banktransactions.read accounting.manualjournals.read"
    )

    @field_validator("data_dir", "dbt_project_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def public_address(self) -> str:
        """Where browsers find the API, without a slash at the end."""
        host = "127.0.0.1" if self.host in {"", "0.0.0.0", "::"} else self.host  # noqa: S104
        return self.public_url.rstrip("/") or f"http://{host}:{self.api_port}"

    def environment(self) -> dict[str, str]:
        """Return the set variables, as a child process needs them to see the same settings."""
        values: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None or value == "":
                continue
            key = (
                "STRIPE_API_KEY" if name == "stripe_api_key" else ENVIRONMENT_PREFIX + name.upper()
            )
            values[key] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        return values

    def inherited_environment(self) -> dict[str, str]:
        """Return what a child process that knows no setting of ours inherits: no secret of ours."""
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ENVIRONMENT_PREFIX) and name != "STRIPE_API_KEY"
        }

    def child_environment(self) -> dict[str, str]:
        """Return the whole environment of a child process that sees the same settings."""
        return {**self.inherited_environment(), **self.environment()}

    def dbt_environment(self) -> dict[str, str]:
        """Return the whole environment of a dbt process: it cannot take ClickHouse's URL apart."""
        values = self.inherited_environment() | {"OPPULENCE_DBT_THREADS": str(self.dbt_threads)}
        if self.clickhouse_cluster:
            values["OPPULENCE_CLICKHOUSE_CLUSTER"] = self.clickhouse_cluster
        if self.clickhouse_url is not None:
            url = urlsplit(self.clickhouse_url.get_secret_value())
            is_secure = url.scheme == "https"
            values |= {
                "OPPULENCE_DBT_HOST": url.hostname or "",
                "OPPULENCE_DBT_PORT": str(url.port or (8443 if is_secure else 8123)),
                "OPPULENCE_DBT_USER": unquote(url.username or "default"),
                "DBT_ENV_SECRET_CLICKHOUSE_PASSWORD": unquote(url.password or ""),
                "OPPULENCE_DBT_SECURE": str(is_secure).lower(),
            }
        return values

    def required(self, name: str) -> str:
        """Return the text of a URL or secret that must be set by now.

        Raises:
            ConfigurationError: It is not set, which means that no engine was started either.
        """
        value = getattr(self, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
        if not text:
            variable = ENVIRONMENT_PREFIX + name.upper()
            raise ConfigurationError(
                f"{variable} is not set and no embedded engine is running.",
                next_step=f"Run `make up` for the embedded engines, or set {variable}.",
            )
        return text


def _variable(name: str) -> str:
    """Return the environment's name of a setting, whichever of the two it was told by."""
    upper = name.upper()
    is_whole = upper.startswith(ENVIRONMENT_PREFIX) or upper == "STRIPE_API_KEY"
    return upper if is_whole else ENVIRONMENT_PREFIX + upper


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the environment once per process.

    Raises:
        ConfigurationError: A variable has a value that its setting does not take.
    """
    try:
        return Settings()
    except ValidationError as invalid:
        problems = "; ".join(
            f"{_variable('_'.join(str(part) for part in error['loc']))}: {error['msg']}"
            for error in invalid.errors(include_input=False)
        )
        raise ConfigurationError(problems, next_step="See docs/settings.md.") from None
