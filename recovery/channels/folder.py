"""Where do messages go on a new installation? Into files that one can open."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recovery.senders import OutgoingMessage, Senders, Written

FOLDER = "recovery_messages"


@dataclass(frozen=True, slots=True)
class FolderSender:
    """Writes messages into a folder instead of sending them."""

    folder: Path

    def send(self, message: OutgoingMessage, written: Written) -> Mapping[str, Any]:
        """Write one file, named by the message's key."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {name: getattr(message, name) for name in message.__dataclass_fields__}
        whole = {
            **content, "facts": dict(message.facts), "known": asdict(message.known),
            "written": asdict(written),
        }  # fmt: skip
        started = self._file(message.key).with_suffix(".part")
        started.write_text(json.dumps(whole, indent=1, default=str, ensure_ascii=False))
        started.rename(self._file(message.key))
        return {"delivery": "written", "file": self._file(message.key).name}

    def was_sent(self, key: str) -> bool | None:
        """Say whether its file is there."""
        return self._file(key).exists()

    def _file(self, key: str) -> Path:
        return self.folder / f"{key.replace('|', '_')}.json"


def folder_senders(data_dir: Path) -> Senders:
    """Return the default: every channel written into `recovery_messages` of the data folder."""
    written = FolderSender(data_dir / FOLDER)
    return {"email": written, "sms": written, "slack": written}
