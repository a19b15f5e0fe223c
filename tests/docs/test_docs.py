"""The documents stay true: links resolve, named files and commands exist, nothing is left out."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from oppulence.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "dbt").glob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
TEXT = {page: page.read_text() for page in PAGES}
# A repository path in backticks: a known room, a slash, and no placeholder.
NAMED_PATH = re.compile(
    r"`((?:assets|benchmarks|core|dbt|docs|local|ml|oppulence|orchestration|pipelines"
    r"|reconciliation|recovery|sandbox|serving|tests|deploy)/[\w./-]+)`"
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", TEXT[page])
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_named_file_exists(page):
    named = set(NAMED_PATH.findall(TEXT[page]))
    produced = ("dbt/target", "dbt/logs")
    missing = {
        path for path in named if not (ROOT / path).exists() and not path.startswith(produced)
    }
    assert missing == set()


def test_every_page_is_reachable_from_the_index():
    index = TEXT[ROOT / "docs" / "README.md"]
    pages = [page.relative_to(ROOT / "docs") for page in PAGES if ROOT / "docs" in page.parents]
    assert [str(p) for p in pages if f"({p})" not in index and p.name != "README.md"] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_a_decision_is_short_and_numbered(page):
    number = int(page.name[:4])
    assert TEXT[page].startswith(f"# {number}. ")
    assert TEXT[page].count("\n") <= 40


def test_decisions_are_numbered_once_and_without_gaps():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_readme_names_every_make_target_and_command():
    readme = TEXT[ROOT / "README.md"]
    targets = re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.M)
    commands = sorted(get_command(app).commands)  # type: ignore[attr-defined]
    assert [name for name in targets if f"make {name}" not in readme] == []
    assert [name for name in commands if f"oppulence {name}" not in readme] == []


def test_every_make_target_and_command_that_the_documents_use_exists():
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    for page, text in TEXT.items():
        spans = re.findall(r"```(?:\w+)?\n(.*?)```|`([^`\n]+)`", text, re.S)
        code = "\n".join(block or inline for block, inline in spans)
        used_targets = set(re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", code, re.M))
        used_commands = set(re.findall(r"^\s*(?:\$ )?oppulence ([a-z-]+)", code, re.M))
        assert used_targets <= targets, name_of(page)
        assert used_commands <= commands, name_of(page)


def test_every_room_is_in_the_readmes_map():
    rooms = [
        path.name for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.rglob("*.py"))
    ]  # fmt: skip
    assert [room for room in rooms if f"`{room}/`" not in TEXT[ROOT / "README.md"]] == []
