"""How is the API served? `python -m serving`: uvicorn on the configured host and port.

SIGTERM and SIGINT stop it gracefully: no new connection is taken, requests in flight are finished
(up to `serving.server.STOP_SECONDS`), pools are closed.
"""

import gc
import sys

# Before all else: skops, at the first enrichment, looks for each of scipy's functions in every
# module, in the order of their import; behind two thousand others that took seconds.
import scipy.special  # noqa: F401
import uvicorn

from core.errors import OppulenceError
from core.logs import configure_logging
from core.settings import load_settings
from serving.app import create_app
from serving.server import configure_server


def main() -> int:
    """Serve until a signal; return the process's exit code."""
    try:
        settings = load_settings()
        configure_logging(settings)
        application = create_app(settings)
    except OppulenceError as error:
        sys.stderr.write(f"{error.title}: {error.detail}\n{error.next_step}\n")
        return error.exit_code
    # What was made until now stays: looking through it for garbage stopped a request for 200 ms.
    gc.freeze()
    server = uvicorn.Server(
        configure_server(application, host=settings.host, port=settings.api_port)
    )
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
