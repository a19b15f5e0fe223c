"""Xero's data never enters: read off the SQL itself, and off the models that it stands on."""

import re
from itertools import pairwise

import pytest

from ml.feature_queries import PERMITTED, QUERIES
from ml.lineage import FORBIDDEN_PROVIDERS
from ml.registry import trainings

OWN = "unified.enrichments"
TABLE = re.compile(r"\bfrom\s+([a-z_]+\.[a-z_]+)|\bjoin\s+([a-z_]+\.[a-z_]+)")


def test_no_forbidden_provider_is_permitted():
    assert not FORBIDDEN_PROVIDERS & set(PERMITTED)


def test_what_facets_train_on_is_among_the_queries():
    trained = {training.rows for _, training in trainings() if training.rows}
    assert trained <= set(QUERIES.values()), "put the SQL into ml.feature_queries.QUERIES"


@pytest.mark.parametrize("name", QUERIES)
def test_every_table_of_a_query_is_read_for_permitted_providers(name: str):
    sql = QUERIES[name]
    # Each table is read in a select of its own, which holds the condition itself.
    starts = [match.start() for match in TABLE.finditer(sql)]
    reading = [sql[start:end] for start, end in pairwise([*starts, len(sql)])]
    assert reading
    allowed = "provider in ({})".format(", ".join(f"'{name}'" for name in PERMITTED))
    for select in reading:
        if OWN in select:  # what was found of permitted rows
            continue
        assert allowed in select, select
        assert not any(name in select for name in FORBIDDEN_PROVIDERS)


def test_nothing_else_of_ml_reads_the_warehouse():
    from pathlib import Path

    import ml

    room = Path(ml.__file__).parent
    reading = [
        str(path.relative_to(room))
        for path in room.rglob("*.py")
        if re.search(r"\b(?:from|join) (?:raw|staging|unified|marts)\.", path.read_text())
    ]
    assert reading == ["feature_queries.py"]
