"""The tree keeps its shape: rooms, sizes, names, and nothing that ties it to one machine.

Rules are programs with a message; the allowlist of long files may only shrink.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 500
# Files that are longer than the limit, with their length today: shorten, never add.
LONG_FILES: dict[str, int] = {}
VAGUE_NAMES = {"utils", "helpers", "common", "base", "misc", "util", "helper", "shared"}
ROOMS = {
    "assets", "benchmarks", "core", "dbt", "docs", "linking", "local", "ml", "oppulence",
    "orchestration", "pipelines", "reconciliation", "recovery", "sandbox", "serving", "tests",
    "deploy",
}  # fmt: skip
# What ties a commit to one machine or place, written so that this file does not match itself.
FOREIGN = [
    re.compile(r"(?<![\w./])/(?:work|root|home/\w+)/"),
    re.compile("py" + r"pi\.org|file" + "s.pythonhosted|registry" + r"\.npmjs", re.I),
]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


FILES = tracked_files()
SOURCES = [path for path in FILES if path.suffix in {".py", ".sql"}]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_folder_is_a_known_room():
    folders = {path.relative_to(ROOT).parts[0] for path in FILES if path.parent != ROOT}
    assert {name for name in folders if not name.startswith(".")} <= ROOMS


def test_no_file_outgrows_one_question():
    lengths = {name_of(path): path.read_text().count("\n") for path in SOURCES}
    too_long = {name: size for name, size in lengths.items() if size > LIMIT}
    assert too_long == LONG_FILES, "split the file; the allowlist only shrinks"


def test_no_file_is_named_for_nothing():
    vague = [name_of(path) for path in SOURCES if path.stem.strip("_") in VAGUE_NAMES]
    assert vague == [], "name the noun: pagination.py, signatures.py"


def test_every_module_says_which_question_it_answers():
    silent = [
        name_of(path)
        for path in FILES
        if path.suffix == ".py" and path.read_text().strip()
        if not path.read_text().lstrip().startswith(('"""', "#!", 'r"""'))
    ]
    assert silent == []


def test_nothing_names_a_machine_or_a_registry():
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in FILES
        if path.suffix not in {".png", ".gz", ".ico"}
        for rule in FOREIGN
        if (match := rule.search(path.read_text(errors="ignore")))
    ]
    assert found == []


def test_dbt_is_no_package():
    assert not (ROOT / "dbt" / "__init__.py").exists(), "it would hide the installed dbt"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_pins_every_package_with_hashes_and_no_address(lock):
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z, 0-9_-]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry
        assert "--index" not in entry, entry


def test_the_makefile_stays_small_and_explained():
    targets = re.findall(r"^([a-z][a-z-]*):(.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert 0 < len(targets) <= 12
    assert all("## " in rest for _, rest in targets), "every target explains itself"
