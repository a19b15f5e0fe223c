"""Which filters has a caller given? What is not given is not asked of ClickHouse.

A condition that lets everything through (`{word} = '' or …`) costs a statement more in planning
than the reading of ten thousand rows: lists and balances are asked for by statements that name what
was given, each made once (docs/decisions/0026).
"""

from pydantic import BaseModel


def given_in(filters: BaseModel) -> frozenset[str]:
    """Return the names of the filters that are given, `cursor` among them."""
    fields = type(filters).model_fields
    return frozenset(name for name in fields if getattr(filters, name) is not None)
