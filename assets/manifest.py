"""Where is dbt's manifest, and is it of today's project? Parsed on demand, kept under dbt/target.

Dagster builds its dbt assets from the manifest. A fresh clone has none, and an edited model makes
it stale, so the manifest is kept beside a fingerprint of the project's files and parsed again
(partially, where dbt can) when that differs. Several processes may ask at once: one parses, the
others wait; readers never see half a file. `python -m assets.manifest` parses now: installing does.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.settings import Settings

_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md"})
_GENERATED = frozenset({"target", "logs", "dbt_packages"})
MANIFEST = "manifest.json"
DBT_COMMAND = (sys.executable, "-m", "assets.dbt_start")


def parsed_folder(project_dir: Path) -> Path:
    """Return the folder of the manifest and dbt's partial-parse state (ignored by git)."""
    return project_dir / "target" / "dagster"


def load_manifest(project_dir: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest that describes the project as its files are now.

    Args:
        project_dir: The dbt project.
        environment: The whole environment of the dbt process; parsing opens no connection.

    Raises:
        ConfigurationError: There is no project, or dbt cannot parse it.
    """
    with parse_due(project_dir) as command:
        if command:
            _parse(project_dir, command, environment)
    found: dict[str, Any] = json.loads((parsed_folder(project_dir) / MANIFEST).read_bytes())
    return found


@contextmanager
def parse_due(project_dir: Path) -> Iterator[list[str] | None]:
    """Yield dbt's arguments that parse the project, None where its manifest is of today.

    Whoever is given them runs them within the block, alone; leaving it says that they succeeded.

    Args:
        project_dir: The dbt project.

    Raises:
        ConfigurationError: There is no project.
    """
    if not (project_dir / "dbt_project.yml").is_file():
        raise ConfigurationError(
            f"There is no dbt project in {project_dir}.",
            next_step="Set OPPULENCE_DBT_PROJECT_DIR to the folder that holds dbt_project.yml.",
        )
    folder = parsed_folder(project_dir)
    folder.mkdir(parents=True, exist_ok=True)
    manifest, mark = folder / MANIFEST, folder / "fingerprint.txt"
    with _one_at_a_time(folder / "lock"):
        now = fingerprint(project_dir)
        if manifest.is_file() and mark.is_file() and mark.read_text() == now:
            yield None
        else:
            mark.unlink(missing_ok=True)
            yield [
                "--quiet", "--no-send-anonymous-usage-stats", "parse",
                "--project-dir", str(project_dir), "--profiles-dir", str(project_dir),
                "--target-path", str(folder), "--log-path", str(folder),
            ]  # fmt: skip
            mark.write_text(now)


def built_mark(data_dir: Path) -> Path:
    """Return the file that holds the fingerprint of the project last built in full."""
    return data_dir / "dbt-built.txt"


def is_built(data_dir: Path, now: str) -> bool:
    """Say whether the project of this fingerprint is what was last built in full."""
    mark = built_mark(data_dir)
    return mark.is_file() and mark.read_text() == now


def fingerprint(project_dir: Path) -> str:
    """Return a digest of the project's files (name, size, time) and of the tools that read them."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-clickhouse')}".encode())
    for path in sorted(project_dir.rglob("*")):
        relative = path.relative_to(project_dir)
        if path.suffix in _SUFFIXES and relative.parts[0] not in _GENERATED:
            found = path.stat()
            digest.update(f"{relative}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _parse(project_dir: Path, arguments: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [*DBT_COMMAND, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ConfigurationError(
            f"dbt cannot parse the project in {project_dir}: {done.stdout.strip()[-2000:]}",
            next_step=f"Run `dbt parse --project-dir {project_dir}` and mend what it names.",
        )


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    _settings = Settings()
    load_manifest(_settings.dbt_project_dir, _settings.dbt_environment())
