"""Whatever the check of types does not read, nothing of ours imports: its types would be lost."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
UNREAD = [
    name.removesuffix(".*")
    for rule in MYPY["overrides"]
    if rule.get("follow_imports") == "skip"
    for name in rule["module"]
]


def unread_imports(source: str) -> list[str]:
    """Return what a module imports of what is not read."""
    imported = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported += [f"{node.module}.{one.name}" for one in node.names]
    return [name for name in imported if any(f"{name}.".startswith(f"{one}.") for one in UNREAD)]


@pytest.mark.parametrize("room", MYPY["packages"])
def test_nothing_is_imported_whose_types_are_not_read(room):
    found = {
        str(path.relative_to(ROOT)): names
        for path in (ROOT / room).rglob("*.py")
        if (names := unread_imports(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("import pandas", ["pandas"]),
        ("def f():\n    from pandas.core import frame", ["pandas.core.frame"]),
        ("from sqlalchemy import orm", ["sqlalchemy.orm"]),
        ("from sqlalchemy.orm import Session", ["sqlalchemy.orm.Session"]),
        ("import gitignored, polars\nfrom sqlalchemy import create_engine", []),
    ],
)
def test_a_planted_import_is_caught(statement, found):
    assert unread_imports(statement) == found
