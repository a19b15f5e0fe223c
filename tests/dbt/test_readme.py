"""Are the answers in dbt/README.md those that its questions get, and its diagram the project's?"""

import re
from pathlib import Path
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import WORKSPACE, Company

README = Path(__file__).parents[2] / "dbt" / "README.md"
_QUESTION = re.compile(
    r"^### (?P<asked>.+)\n\n(?:[^`\n].*\n)*\n?```sql\n(?P<sql>[^`]+)```\n\n(?P<answer>(?:\|.*\n)+)",
    re.M,
)
_RELATION = re.compile(r"^    (\w+) [|o]{2}--[|o]\S (\w+) : (\w+)$", re.M)


def questions() -> list[tuple[str, str, str]]:
    return [(q["asked"], q["sql"], q["answer"]) for q in _QUESTION.finditer(README.read_text())]


def test_every_question_has_an_answer() -> None:
    asked = re.findall(r"^### (.+\?)$", README.read_text(), re.M)
    assert len(asked) >= 10
    assert [question for question, _, _ in questions()] == asked


@pytest.mark.parametrize(
    ("sql", "answer"), [pytest.param(sql, answer, id=asked) for asked, sql, answer in questions()]
)
def test_the_answer_is_what_the_demo_company_gives(
    built: Warehouse, company: Company, sql: str, answer: str
) -> None:
    rows = built.rows(sql, {"workspace": WORKSPACE})
    assert rows
    told = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    assert "".join(f"| {' | '.join(map(str, row))} |\n" for row in told) == answer


def test_the_diagram_is_the_projects(manifest: dict[str, Any]) -> None:
    columns = {node["name"]: set(node["columns"]) for node in manifest["nodes"].values()}
    relations = _RELATION.findall(README.read_text())
    assert len(relations) >= 10
    missing = [
        (table, column)
        for one, many, column in relations
        for table in (one, many)
        if column not in columns[table]
    ]
    assert missing == []


def test_tables_that_the_page_names_are_there(manifest: dict[str, Any]) -> None:
    known = {node["name"] for node in manifest["nodes"].values()}
    known |= {source["name"] for source in manifest["sources"].values()}
    named = set(re.findall(r"\b(?:fct|dim)_[a-z_]+", README.read_text()))
    assert named - known <= {"fct_", "dim_"}
