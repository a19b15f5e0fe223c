"""How is a request without a usable key refused? 401, with the challenge that HTTP asks for."""

from core.errors import UnauthenticatedError


class InvalidKeyError(UnauthenticatedError):
    """No key, or none that opens the named workspace; says which of these, never whose it is."""

    code = "invalid_api_key"
    headers = {"WWW-Authenticate": 'Bearer realm="oppulence"'}  # noqa: RUF012 (never changed)

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            next_step="Send `Authorization: Bearer opk_…` and `X-Workspace-Id: ws_…` of one"
            " workspace.",
        )
