"""What would a webhook cost that is not kept? The same server verifies it and answers."""

import sys
import time

import uvicorn
from starlette.types import Receive, Scope, Send

from core.webhooks import stripe
from core.webhooks.delivery import Delivery, InvalidSignatureError
from serving.request_heads import BoundedProtocol


def main() -> None:
    """Serve until stopped: `python -m benchmarks.bare_webhooks PORT SECRET`."""
    port, secret = int(sys.argv[1]), sys.argv[2]

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        status = 200
        try:
            stripe.verify(Delivery(headers, body), [secret], int(time.time()))
        except InvalidSignatureError:
            status = 401
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    uvicorn.run(
        application, port=port, http=BoundedProtocol, lifespan="off", ws="none", access_log=False,
        log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    main()
