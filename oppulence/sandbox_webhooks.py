"""How do the sandbox's webhooks find the API? Registered by themselves, for connections to it.

A provider's real account is told our address by its owner, in its dashboard. The sandbox on this
machine has no dashboard: the worker registers an address for every connection that is read from
loopback and has no secret yet, and keeps the secret that the sandbox answers with.
"""

import threading
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.secrets import SecretBox, SecretUnreadableError
from core.settings import Settings
from core.webhook_secrets import WebhookSecrets

LOOK_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0

log = get_logger("worker")


def run_sandbox_webhooks(settings: Settings, stop_event: threading.Event) -> None:
    """Register what is new, until `stop_event` is set."""
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    system = Database.connect(settings, role="system", size=1)
    application = Database.connect(settings, size=1)
    try:
        listing, secrets = ConnectionStore(system, box), WebhookSecrets(application, box)
        while not stop_event.is_set():
            try:
                for connection in listing.all_of("stripe"):
                    if is_local(connection.api_url):
                        _ensure(settings, secrets, connection)
            except (EngineUnavailableError, SecretUnreadableError, httpx.HTTPError) as error:
                log.warning("the sandbox's webhooks wait", reason=type(error).__name__)
            stop_event.wait(LOOK_SECONDS)
    finally:
        system.close()
        application.close()


def is_local(url: str) -> bool:
    """Say whether a provider's address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _ensure(settings: Settings, secrets: WebhookSecrets, connection: Connection) -> None:
    known = secrets.named("stripe", connection.id)
    if any(sender.secrets for sender in known):
        return
    address = f"http://127.0.0.1:{settings.api_port}/v1/webhooks/stripe/{connection.id}"
    answer = httpx.post(
        f"{connection.api_url}/v1/webhook_endpoints",
        data={"url": address, "enabled_events[]": "*"},
        # Asked twice, as after a crash, the sandbox answers with the same secret.
        headers={"Idempotency-Key": f"oppulence-{connection.id}-{settings.api_port}"},
        auth=(connection.credentials.get("api_key", ""), ""),
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )
    answer.raise_for_status()
    secret = str(answer.json()["secret"])
    with secrets.database.tenant(connection.tenant) as rows:
        secrets.put_within(rows, connection.tenant, connection.id, [secret], utc_now())
    log.info("the sandbox sends its webhooks", connection=connection.id)
