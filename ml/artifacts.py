"""How does a trained model travel? As skops bytes with their SHA-256, never as a pickle.

A pickle runs code when it is opened. skops stores arrays and parameters, and opens only the types
named here; the hash, kept where the model is registered, proves that the bytes are those that were
evaluated. Where the bytes lie (object store, folder) is the caller's business.

skops and scikit-learn take seconds to import, so they are when a model is first written or opened.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from core.errors import ConflictError

# Types beyond skops' own defaults that our artifacts contain: scikit-learn's boosted trees.
TRUSTED_TYPES = (
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model's bytes and their SHA-256 in hexadecimal."""

    content: bytes
    sha256: str


def dump(model: dict[str, Any]) -> Artifact:
    """Write a model's parts as an artifact.

    Parameters
    ----------
    model
        Arrays, scalars, texts and scikit-learn estimators by name.

    Returns
    -------
    Artifact
        Bytes and hash. The hash belongs beside the model's registration, not beside the bytes.

    Examples
    --------
    >>> artifact = dump({"threshold": 0.9})
    >>> load(artifact.content, artifact.sha256)
    {'threshold': 0.9}
    """
    import skops.io

    content: bytes = skops.io.dumps(model, compression=8, compresslevel=6)
    return Artifact(content, hashlib.sha256(content).hexdigest())


def load(content: bytes, sha256: str) -> dict[str, Any]:
    """Open an artifact after its hash was checked.

    Parameters
    ----------
    content
        The artifact's bytes.
    sha256
        The hash under which the model was registered.

    Returns
    -------
    dict
        The parts as they were dumped.

    Raises
    ------
    ConflictError
        The bytes are not those of the registered model, or hold a type that no model of ours has.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ConflictError(
            "The model's bytes do not match its registered hash.",
            next_step="Fetch the artifact again, or train a new version.",
        )
    import skops.io

    foreign = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED_TYPES)
    if foreign:
        raise ConflictError(f"The model holds foreign types: {', '.join(sorted(foreign))}.")
    parts: dict[str, Any] = skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    return parts
