"""Which secrets does the embedded stack use? Made once, kept in `secrets.json` beside the data.

Nobody chooses or types them: engines listen on loopback, and these keep other users of the machine
out. The file is readable by its owner alone. Losing it means losing the stored provider keys.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.errors import ConfigurationError
from core.secrets import generate_key

FILE_NAME = "secrets.json"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The embedded stack's passwords and keys; no repr shows them."""

    encryption_key: str
    api_key_secret: str
    database_owner_password: str
    database_password: str
    database_system_password: str
    dagster_database_password: str
    redis_password: str


def load_credentials(data_dir: Path) -> Credentials:
    """Read the folder's secrets, or make them if it has none; call under the folder's lock.

    Raises:
        ConfigurationError: The file is not what was written.
    """
    path = data_dir / FILE_NAME
    if path.exists():
        return _read(path)
    made = Credentials(
        encryption_key=generate_key(),
        **{item.name: secrets.token_urlsafe(32) for item in fields(Credentials)[1:]},
    )
    # Written beside and renamed: a crash leaves the whole file or none.
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return made


def _read(path: Path) -> Credentials:
    try:
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged: {type(error).__name__}.",
            next_step="Restore it from a backup; without it stored provider keys cannot be read.",
        ) from None
