"""How is a request that proves nobody refused? 401, with the challenge that HTTP asks for."""

from core.errors import UnauthenticatedError

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="oppulence"'}


class InvalidKeyError(UnauthenticatedError):
    """No key, or none that opens the named workspace; says which of these, never whose it is."""

    code = "invalid_api_key"
    headers = _CHALLENGE

    def __init__(self, detail: str) -> None:
        super().__init__(
            detail,
            next_step="Send `Authorization: Bearer opk_…` and `X-Workspace-Id: ws_…` of one"
            " workspace.",
        )


class InvalidSessionError(UnauthenticatedError):
    """A session that has ended, or that does not open the named workspace."""

    code = "invalid_session"
    headers = _CHALLENGE

    def __init__(self) -> None:
        super().__init__(
            "The session has ended, or its person does not belong to the workspace.",
            next_step="Sign in at /sign_in, or send an API key.",
        )
