"""What becomes of a delivery? Verified and committed, parked, or refused.

    signed by a known connection      ─► the inbox, then 200
    connection or secret unknown yet  ─► parked, then 202; the worker releases it once it is known
    signature wrong, or too old       ─► 401

What the body says is not judged here: whatever a connection's provider signed is kept. Providers
with one address and one secret for a whole application (QuickBooks, Xero, Stripe Connect) name in
the body whose it is: what is about other accounts is kept under no connection, and the worker finds
theirs in the workspace.
"""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from core.clock import utc_now
from core.errors import NotFoundError
from core.inbox import Arrival
from core.tenancy import TenantId
from core.webhook_secrets import Sender, WebhookSecrets
from core.webhooks import plaid
from core.webhooks.delivery import Delivery, InvalidSignatureError, Scheme, delivery_id
from core.webhooks.registry import SCHEMES
from serving.engines import Engines
from serving.webhooks.figures import Figures
from serving.webhooks.grouping import GroupedInbox
from serving.webhooks.parking import Parking
from serving.webhooks.plaid_keys import PlaidKeys
from serving.webhooks.senders import FRESH_SECONDS, Senders


class Verified(NamedTuple):
    """Whose delivery it is; `connection_id` is empty where its account has no connection."""

    workspace_id: str
    connection_id: str
    account_id: str = ""


class Deliveries:
    """Takes deliveries in; one per application."""

    def __init__(
        self,
        senders: Senders,
        inbox: GroupedInbox,
        parking: Parking,
        plaid_keys: PlaidKeys,
        figures: Figures,
    ) -> None:
        self.senders, self.inbox, self.parking = senders, inbox, parking
        self.plaid_keys, self.figures = plaid_keys, figures

    @classmethod
    def open(cls, engines: Engines) -> "Deliveries":
        """Return the application's, over its engines."""
        figures = Figures()
        return cls(
            Senders(WebhookSecrets(engines.database, engines.box)),
            GroupedInbox(engines.settings.required("database_url"), figures),
            Parking(engines.database),
            PlaidKeys(engines.settings),
            figures,
        )

    async def close(self) -> None:
        """Commit what is waiting."""
        await self.inbox.close()

    async def take(self, provider: str, connection_id: str, delivery: Delivery) -> int:
        """Take a delivery that names its connection; return the status to answer with.

        Raises:
            NotFoundError: No such provider, or the connection was deleted.
            InvalidSignatureError: No secret of the connection signed it.
            EngineUnavailableError: It could not be committed.
        """
        scheme = scheme_of(provider)
        self.figures.received(provider)
        found = await self.senders.named(provider, connection_id)
        if signers := await self._signers(scheme, found, delivery):
            named = addressed(signers[0], scheme.accounts(delivery.body))
            return await self._commit(provider, named, scheme, delivery)
        found = await self.senders.named(provider, connection_id, within=FRESH_SECONDS)
        if found and all(sender.is_revoked for sender in found):
            raise NotFoundError(f"The connection {connection_id} was deleted.")
        if any(sender.secrets for sender in found) or provider == "plaid":
            signers = await self._signers(scheme, found, delivery)
            if not signers:
                self.figures.refused("signature")
                raise InvalidSignatureError("No secret of the connection made the signature.")
            named = addressed(signers[0], scheme.accounts(delivery.body))
            return await self._commit(provider, named, scheme, delivery)
        workspace_id = found[0].workspace_id if found else ""
        return await self._park(provider, workspace_id, connection_id, scheme, delivery)

    async def take_within(self, tenant: TenantId, provider: str, delivery: Delivery) -> int:
        """Take a delivery to a workspace: its connections' secrets are tried.

        Where the body names accounts, only connections to these are; an account without a
        connection has its delivery kept under none.

        Raises:
            NotFoundError: No such provider.
            InvalidSignatureError: No secret of those connections signed it.
            EngineUnavailableError: It could not be committed.
        """
        scheme = scheme_of(provider)
        self.figures.received(provider)
        senders = await run_in_threadpool(self.senders.store.of, tenant, provider)
        askable = [sender for sender in senders if not sender.is_revoked]
        if not any(sender.secrets for sender in askable) and provider != "plaid":
            return await self._park(provider, str(tenant), "", scheme, delivery)
        accounts = scheme.accounts(delivery.body)
        named = [sender for sender in askable if sender.account_id in accounts]
        signers = await self._signers(scheme, named if named else askable, delivery)
        if not signers:
            self.figures.refused("signature")
            raise InvalidSignatureError("No secret of the workspace's connections made it.")
        if accounts and not named:
            signers = [Verified(str(tenant), "")]
        return await self._commit(provider, signers if named else signers[:1], scheme, delivery)

    async def _signers(
        self, scheme: Scheme, senders: Sequence[Sender], delivery: Delivery
    ) -> list[Verified]:
        """Return the connections with whose secret the delivery was signed."""
        now = int(utc_now().timestamp())
        found = []
        for sender in senders:
            if sender.is_revoked:
                continue
            secrets = sender.secrets
            if scheme is plaid:
                secrets = (await self.plaid_keys.key(plaid.key_id(delivery)),)
                if sender.account_id not in plaid.accounts(delivery.body):
                    continue  # Plaid signs for every item with the same key
            try:
                scheme.verify(delivery, secrets, now)
            except InvalidSignatureError:
                continue
            found.append(Verified(sender.workspace_id, sender.connection_id, sender.account_id))
        return found

    async def _commit(
        self, provider: str, signers: Sequence[Verified], scheme: Scheme, delivery: Delivery
    ) -> int:
        event_id = delivery_id(scheme, delivery)
        for signer in signers:
            await self.inbox.append(
                Arrival(
                    workspace_id=signer.workspace_id,
                    provider=provider,
                    connection_id=signer.connection_id,
                    event_id=event_id,
                    payload=delivery.body,
                )
            )
        return 200

    async def _park(
        self,
        provider: str,
        workspace_id: str,
        connection_id: str,
        scheme: Scheme,
        delivery: Delivery,
    ) -> int:
        if not scheme.IS_PARKABLE or not delivery.headers.get(scheme.SIGNATURE_HEADER):
            self.figures.refused("unknown connection")
            raise InvalidSignatureError("The connection or its secret is unknown.")
        await self.parking.park(provider, workspace_id, connection_id, delivery)
        self.figures.parked()
        return 202


def addressed(signer: Verified, accounts: frozenset[str]) -> list[Verified]:
    """Return whom a delivery to the signer's address is about, by the accounts that it names."""
    if accounts <= {signer.account_id}:
        return [signer]
    elsewhere = Verified(signer.workspace_id, "")
    return [signer, elsewhere] if signer.account_id in accounts else [elsewhere]


def scheme_of(provider: str) -> Scheme:
    """Return the provider's scheme.

    Raises:
        NotFoundError: It sends no webhooks.
    """
    if provider not in SCHEMES:
        raise NotFoundError(
            f"{provider} sends no webhooks.", next_step=f"One of: {', '.join(sorted(SCHEMES))}."
        )
    return SCHEMES[provider]
