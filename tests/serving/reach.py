"""What can an operation come to? Every function of ours that its handler names, and those name.

Read from the compiled code, not run: a module of ours, or a class, that a function names counts
with those of its attributes that the function names too.
"""

import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from fastapi.routing import iter_route_contexts

from tests.serving.documented import APPLICATION

OURS = ("serving.", "recovery.", "core.")


def handlers() -> Iterator[tuple[str, str, FunctionType]]:
    """Yield each operation of the document: method, path, handler."""
    for route in iter_route_contexts(APPLICATION.routes):
        path, handler = route.path or "", route.endpoint
        if path.startswith("/v1") and isinstance(handler, FunctionType):
            for method in route.methods or ():
                yield method, path, handler


def reached(handler: FunctionType) -> tuple[set[FunctionType], set[str]]:
    """Return the functions that a handler can come to, and every name in them."""
    found: set[FunctionType] = set()
    names: set[str] = set()
    waiting = [handler]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        said = set(_names(one.__code__))
        names |= said
        closed = inspect.getclosurevars(one).nonlocals.values()
        held = [one.__globals__[name] for name in said if name in one.__globals__]
        for value in [*held, *closed]:
            waiting += _functions(value, said)
    return found, names


def _names(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _functions(value: object, said: set[str]) -> Iterator[FunctionType]:
    if isinstance(value, FunctionType):
        if value.__module__.startswith(OURS):
            yield inspect.unwrap(value)
    elif isinstance(value, ModuleType):
        if value.__name__.startswith(OURS):
            for name in said & set(vars(value)):
                if isinstance(vars(value)[name], FunctionType | type):
                    yield from _functions(vars(value)[name], said)
    elif isinstance(value, type) and value.__module__.startswith(OURS):
        methods = (one for name, one in vars(value).items() if name in said)
        yield from (one for one in methods if isinstance(one, FunctionType))
