"""Which query parameters does a route take? What it declares, and each but a list's once.

The framework reads what is declared and passes over the rest: a misspelt filter would answer with
everything, and of a value that is given twice the last would hold in silence. Every route that a
key or a session opens asks here, by its scope (`serving.auth.scope`); what strangers lead people or
providers to (pages, health, webhooks, the way back from a consent) takes whatever is appended.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

# By endpoint: a declaration never changes, and is asked for with every request.
_KNOWN: WeakKeyDictionary[Callable[..., Any], Mapping[str, bool]] = WeakKeyDictionary()


def refuse_undeclared(request: Request) -> None:
    """Refuse a query string that the route's declaration does not cover, as its models would.

    Raises:
        RequestValidationError: It has a parameter that the route has not, or one value twice.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    if not given:
        return
    route = request.scope["route"]
    takes_several = _KNOWN.get(route.endpoint)
    if takes_several is None:
        takes_several = _KNOWN[route.endpoint] = dict(declared(route.dependant))
    errors = [
        {"type": kind, "loc": ("query", name), "msg": message}
        for name, times in given.items()
        for kind, message, is_so in (
            ("extra_forbidden", "Extra inputs are not permitted", name not in takes_several),
            ("repeated", "Give it once", times > 1 and takes_several.get(name) is False),
        )
        if is_so
    ]
    if errors:
        raise RequestValidationError(errors)


def declared(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the query parameters of a route, and whether each may be given several times."""
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, one in annotation.model_fields.items():
                yield one.alias or name, _is_list(one.annotation)
        else:
            yield field.alias, _is_list(annotation)
    for other in dependant.dependencies:
        yield from declared(other)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))
