"""Postgres' migrations are one chain: two that were made side by side would stop every start."""

import re
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "core" / "migrations" / "versions"


def test_every_migration_follows_the_one_before_it():
    numbers = []
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        text = path.read_text()
        revision = re.search(r'^revision = "(\d+)"$', text, re.M)
        before = re.search(r'^down_revision = (?:"(\d+)"|None)$', text, re.M)
        assert revision, path.name
        assert before, path.name
        assert path.name.startswith(f"{revision[1]}_"), path.name
        numbers.append((revision[1], before[1]))
    expected = [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert [number for number, _ in numbers] == expected
    assert [before for _, before in numbers] == [None, *expected[:-1]]
