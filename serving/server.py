"""With which limits does uvicorn serve the application? One configuration, tests included."""

import uvicorn
from fastapi import FastAPI

from serving.request_heads import BoundedProtocol
from serving.webhooks.receiver import WebhookReceiver

STOP_SECONDS = 20
KEEP_ALIVE_SECONDS = 30


def configure_server(
    application: FastAPI, *, host: str = "127.0.0.1", port: int = 0
) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        WebhookReceiver(application),
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        log_config=None,  # core.logs has set the one stream
        access_log=False,  # serving.exchange writes it, with request id and without secrets
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
