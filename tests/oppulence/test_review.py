"""A correction enters the training of a model for all once it was accepted, and not before."""

from datetime import UTC, datetime

import pytest

from assets.enrichment_training import _FEEDBACK, is_due
from core.database import Database
from core.errors import NotFoundError
from core.settings import Settings
from core.tenancy import TenantId, new_id
from ml.registry import BY_NAME
from ml.store import Past
from oppulence.review import review

SAID = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def databases(postgres: Settings):
    system = Database.connect(postgres, role="system", size=1)
    own = Database.connect(postgres, size=1)
    yield system, own
    system.close()
    own.close()


def test_only_what_was_accepted_is_learned_by_all_and_a_workspace_learns_its_own(databases):
    system, own = databases
    tenant, feedback = TenantId(new_id("ws")), new_id("feedback")
    with own.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'x')", [str(tenant)])
        rows.execute(
            "insert into enrichment_feedback (workspace_id, id, facet, like_key, merchant,"
            " amount_minor, value, said_by, said_at)"
            " values (%s, %s, 'category', 'k:out', %s, -1, 'travel.lodging', 'm', %s)",
            [str(tenant), feedback, feedback, SAID],
        )

    def learned(*, own_model: bool) -> list[str]:
        asked = {"facet": "category", "own": own_model, "workspace": str(tenant)}
        with system.system() as rows:
            found = rows.execute(_FEEDBACK, asked).fetchall()
        return [row["value"] for row in found if row["merchant"] == feedback]

    assert learned(own_model=False) == []
    assert learned(own_model=True) == ["travel.lodging"]
    with system.system() as rows:
        review(rows, feedback, "accepted")
    assert learned(own_model=False) == ["travel.lodging"]
    with system.system() as rows:
        review(rows, feedback, "refused")
    assert learned(own_model=False) == learned(own_model=True) == []
    with system.system() as rows, pytest.raises(NotFoundError):
        review(rows, "no such", "accepted")


@pytest.mark.parametrize(
    ("trained_on", "said_on", "due"), [(1, None, False), (1, 2, True), (2, 1, False)]
)
def test_a_model_is_due_when_it_is_old_or_was_corrected_since(trained_on, said_on, due):
    def day(number: int) -> datetime:
        return datetime(2024, 6, number, tzinfo=UTC)

    facet = BY_NAME["category"]
    before = Past(facet.training.recipe, day(trained_on))
    said = None if said_on is None else day(said_on)
    assert is_due(facet.training, before, said, day(3)) is due
    assert is_due(facet.training, before, None, datetime(2024, 7, 30, tzinfo=UTC))
    assert is_due(facet.training, None, None, day(3))
    assert is_due(facet.training, Past("made otherwise", day(3)), None, day(3)), "another recipe"
