"""Is a model made otherwise than before? It is, when code or rows that make it are others.

A recipe is the hash of the sources of a training: of its packages' modules and tables. Whoever
changes how a model is made need not remember to say so; the next tick trains it anew.
"""

import hashlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_SOURCES = {".py", ".csv", ".gz"}


@cache
def recipe_of(*parts: str) -> str:
    """Return the hash of some folders and files of `ml/`.

    Parameters
    ----------
    parts
        Paths within this package.

    Examples
    --------
    >>> recipe_of("softmax.py") != recipe_of("softmax.py", "category")
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        place = _HERE / part
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in found:
            if path.suffix in _SOURCES:
                digest.update(f"{path.relative_to(_HERE).as_posix()}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
