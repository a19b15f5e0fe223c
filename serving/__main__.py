"""How is the API served? `python -m serving`: uvicorn on the configured host and port.

SIGTERM and SIGINT stop it gracefully: no new connection is taken, requests in flight are finished
(up to `STOP_SECONDS`), pools are closed.
"""

import sys

import uvicorn

from core.errors import OppulenceError
from core.logs import configure_logging
from core.settings import load_settings
from serving.app import create_app

STOP_SECONDS = 20
KEEP_ALIVE_SECONDS = 30


def main() -> int:
    """Serve until a signal; return the process's exit code."""
    try:
        settings = load_settings()
        configure_logging(settings)
        application = create_app(settings)
    except OppulenceError as error:
        sys.stderr.write(f"{error.title}: {error.detail}\n{error.next_step}\n")
        return error.exit_code
    uvicorn.run(
        application,
        host=settings.host,
        port=settings.api_port,
        log_config=None,  # core.logs has set the one stream
        access_log=False,  # serving.exchange writes it, with request id and without secrets
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
