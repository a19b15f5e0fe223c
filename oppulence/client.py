"""What do developers of other programs get? A Python client and a file of requests, generated.

Both are made from the OpenAPI document of the code that is installed, on demand, so neither is kept
anywhere to go out of date. The client's generator is openapi-python-client; its package is pinned
apart (`requirements-client.lock`), since it wants an older typer than the command line itself.
"""

import json
import tempfile
from pathlib import Path

from core.errors import ConfigurationError, ConflictError, OppulenceError
from core.settings import load_settings
from oppulence.output import print_line
from serving.app import create_app
from serving.http_file import requests_file

PACKAGE = "oppulence_client"


class ClientNotGeneratedError(OppulenceError):
    """The generator did not take the document."""

    code = "client_not_generated"
    title = "The client was not generated"


def generate_client(folder: str) -> None:
    """Write the client's project into a new folder.

    Raises:
        ConflictError: The folder is there already.
        ConfigurationError: The generator is not installed.
        ClientNotGeneratedError: It refused a part of the document.
    """
    target = Path(folder).resolve()
    if target.exists():
        raise ConflictError(f"{target} is there already.", next_step="Name a new folder.")
    try:
        from openapi_python_client import generate
        from openapi_python_client.config import Config, ConfigFile, MetaType
    except ImportError as missing:
        raise ConfigurationError(
            "The generator of clients is not installed.",
            next_step="pip install --no-deps -r requirements-client.lock ruamel.yaml",
        ) from missing
    with tempfile.TemporaryDirectory() as place:
        document = Path(place) / "openapi.json"
        described = create_app(load_settings()).openapi()
        for operations in described["paths"].values():
            operations.get("get", {}).pop("requestBody", None)  # the query says the same
        document.write_text(json.dumps(described))
        names = ConfigFile(
            project_name_override="oppulence-client",
            package_name_override=PACKAGE,
            post_hooks=[],
        )
        config = Config.from_sources(
            names, MetaType.UV, document, "utf-8", overwrite=False, output_path=target
        )
        refused = generate(config=config)
    if refused:
        told = "; ".join(f"{one.header} {one.detail or ''}".strip() for one in refused)
        raise ClientNotGeneratedError(told, next_step="Report it.")
    print_line(f"The package {PACKAGE} is in {target}; `pip install {target}` installs it.")


def print_requests() -> None:
    """Print the file of requests."""
    settings = load_settings()
    host = f"http://{settings.host}:{settings.api_port}"
    print_line(requests_file(create_app(settings).openapi(), host))
