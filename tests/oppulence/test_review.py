"""A correction enters the training of a model for all once it was accepted, and not before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from obstore.store import MemoryStore

from assets.enrichment_training import _FEEDBACK, is_due
from core.database import Database
from core.errors import NotFoundError
from core.settings import Settings
from core.tenancy import TenantId, new_id
from ml.artifacts import Artifact
from ml.facet import Trained
from ml.recipes import recipe_of
from ml.registry import BY_NAME, trainings
from ml.store import Past, champions, newest, register
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


def test_a_challenger_that_lost_is_not_trained_again_until_something_is_due(databases):
    """What is due goes by the newest training, though the champion still answers."""
    system, _ = databases
    facet = replace(BY_NAME["category"], name=new_id("facet"))
    how, objects = facet.training, MemoryStore()

    def trained(version: str, score: float) -> Trained:
        return Trained(Artifact(version.encode(), version), version, score, {})

    def day(number: int) -> datetime:
        return datetime(2024, 6, number, tzinfo=UTC)

    with system.system() as rows:
        assert newest(rows, facet.name, None) is None
        assert register(rows, objects, facet, None, trained("a", 0.5), now=day(1), recipe="old")
        past = newest(rows, facet.name, None)
        assert is_due(how, past, None, day(1)), "it would be made otherwise now"
        recipe = how.recipe
        worse = trained("b", 0.4)
        assert not register(rows, objects, facet, None, worse, now=day(2), recipe=recipe)
        assert champions(rows, None)[facet.name].version == "a"
        past = newest(rows, facet.name, None)
        assert past == Past(recipe, day(2))
        assert not is_due(how, past, None, day(3))
        # The same version from another recipe has other bytes: the registry names those.
        again = Trained(Artifact(b"other", "hash of other"), "a", 0.6, {"n": 1})
        assert register(rows, objects, facet, None, again, now=day(4), recipe=recipe)
        champion = champions(rows, None)[facet.name]
    assert (champion.sha256, champion.score, champion.bytes, champion.measures) == (
        "hash of other", 0.6, 5, {"n": 1},
    )  # fmt: skip
    assert objects.get(champion.object_path).bytes() == b"other"


def test_a_recipe_differs_with_every_source_of_a_training():
    recipes = [how.recipe for _, how in trainings()]
    assert all(recipes), "every training says what its model is made of"
    assert recipe_of("category") != recipe_of("category", "softmax.py") != recipe_of()
    for _, how in trainings():
        assert how.made_of, "a change of its code would pass unseen"
