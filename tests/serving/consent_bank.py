"""A bank whose consent flow works without one: what `linking` asks of a provider, in memory."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from core.errors import ProviderError
from linking.flow import CredentialsRefusedError, Linked, LinkStart


class ConsentBank:
    provider = "testbank"
    has_consent = True

    def __init__(self):
        self.credential_fields = {}
        self.choice_fields = {"country": "two letters", "widget": "`yes` for a token"}
        self.revoked = []
        self.renewed = []
        self.is_away = False
        self.has_widget = True

    def start(self, settings, request):
        self._answer()
        self.renewed.append(request.credentials)
        until = datetime(2100, 1, 1, tzinfo=UTC)
        kept = {"verifier": f"v-{request.choice.get('country', '')}"}
        if request.choice.get("widget") == "yes":
            return LinkStart(until, token=f"widget-{request.user_id}", kept=kept)
        asked = urlencode({"state": request.state, "back": request.redirect_url})
        return LinkStart(until, url=f"https://bank.example/consent?{asked}", kept=kept)

    def finish(self, settings, kept, answer):
        self._answer()
        if "error" in answer:
            raise CredentialsRefusedError("The user declined.")
        proof = answer.get("code") or answer["public_token"]
        return Linked(
            credentials={"token": f"{proof}|{kept.get('verifier', '')}"},
            account_id=answer.get("account", "acc-1"),
            name="Girokonto",
            api_url="https://bank.example",
            expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        )

    def verify(self, settings, credentials, api_url):
        raise NotImplementedError

    def revoke(self, settings, credentials, api_url):
        self._answer()
        self.revoked.append(dict(credentials))

    def _answer(self):
        if self.is_away:
            raise ProviderError("The bank does not answer.")


FLOW = ConsentBank()
