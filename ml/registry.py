"""Which facets are there? The one table; to add a facet is to add its row.

Order matters: a facet stands behind those that it reads (`after`).
"""

from collections.abc import Iterable, Iterator

from core.errors import NotFoundError
from ml import (
    anomaly,
    business_purpose,
    category,
    counterparty,
    fee,
    ledger_account,
    merchants,
    propensity,
    receipt_required,
    recurring,
    tax_category,
    transfer,
    worker_classification,
)
from ml.facet import Facet, Scorer, Training

FACETS: tuple[Facet, ...] = (
    merchants.FACET,
    category.FACET,
    tax_category.FACET,
    business_purpose.FACET,
    receipt_required.FACET,
    counterparty.FACET,
    counterparty.CHANNEL,
    fee.FACET,
    ledger_account.FACET,
    recurring.FACET,
    transfer.FACET,
    anomaly.FACET,
    worker_classification.FACET,
)
# Models of other things than transactions.
SCORERS: tuple[Scorer, ...] = (propensity.SCORER,)
BY_NAME = {facet.name: facet for facet in FACETS}


def facet_of(name: str) -> Facet:
    """Return a facet by its name.

    Raises
    ------
    NotFoundError
        There is none of this name.
    """
    if name not in BY_NAME:
        raise NotFoundError(
            f"There is no facet {name[:40]!r}.", next_step=f"There are {', '.join(BY_NAME)}."
        )
    return BY_NAME[name]


def trainings() -> Iterator[tuple[Facet | Scorer, Training]]:
    """Yield every way in which a model is made, facets' first.

    Examples
    --------
    >>> [(made.name, how.scope) for made, how in trainings()][-2:]
    [('propensity', 'shared'), ('propensity', 'workspace')]
    """
    for facet in FACETS:
        if facet.training is not None:
            yield facet, facet.training
    for scorer in SCORERS:
        for training in scorer.trainings:
            yield scorer, training


def with_those_before(names: Iterable[str]) -> list[Facet]:
    """Return the named facets and all that they read, in the registry's order.

    Examples
    --------
    >>> [facet.name for facet in with_those_before(["recurring"])]
    ['merchant', 'recurring']
    """
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        facet = facet_of(waiting.pop())
        if facet.name not in wanted:
            wanted.add(facet.name)
            waiting += facet.after
    return [facet for facet in FACETS if facet.name in wanted]
