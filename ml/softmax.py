"""How does a multinomial logistic model over hashed features learn, block after block?"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

BUCKETS = 2**18
_BATCH = 512
_CHUNK = 8192

Floats = npt.NDArray[np.float32]
Matrix: TypeAlias = sparse.csr_matrix


@dataclass(slots=True)
class Softmax:
    """Weights of a multinomial logistic model that learns block after block.

    Attributes
    ----------
    weights
        One row per bucket, one column per account; columns are added as accounts appear.
    curvature
        Summed squared gradients per bucket (AdaGrad), decayed per block so that learning never
        freezes.
    blocks
        How many blocks were learned; also the seed of the next one's order.
    """

    weights: Floats = field(default_factory=lambda: np.zeros((BUCKETS, 0), np.float32))
    curvature: Floats = field(default_factory=lambda: np.full(BUCKETS, 1e-6, np.float32))
    blocks: int = 0

    RATE = 0.2
    PASSES = 2
    REPLAY = 0.5
    DECAY = 0.9

    def probabilities(self, features: Matrix) -> Floats:
        """Return one probability per known account, row by row."""
        found = np.empty((features.shape[0], self.weights.shape[1]), np.float32)
        for start in range(0, features.shape[0], _CHUNK):
            found[start : start + _CHUNK] = softmax(features[start : start + _CHUNK] @ self.weights)
        return found

    def learn(
        self, features: Matrix, accounts: npt.NDArray[np.int64], new: npt.NDArray[np.int64]
    ) -> None:
        """Learn the rows `new`, mixed with a sample of the rows before them.

        Parameters
        ----------
        features, accounts
            Everything up to and including the block, in time order.
        new
            Positions of the block's rows.
        """
        self._widen(int(accounts[: new[-1] + 1].max()) + 1)
        draw = np.random.default_rng(self.blocks)
        earlier = int(new[0])
        for _ in range(self.PASSES):
            sample = draw.choice(
                earlier, min(earlier, int(self.REPLAY * len(new))), replace=False
            ) if earlier else new[:0]  # fmt: skip
            order = draw.permutation(np.concatenate([new, sample]))
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                self._step(features[batch], accounts[batch])
        self.curvature *= np.float32(self.DECAY)
        self.blocks += 1

    def _step(self, features: Matrix, accounts: npt.NDArray[np.int64]) -> None:
        touched, position = np.unique(features.indices, return_inverse=True)
        narrow = Matrix(
            (features.data, position.astype(np.int32), features.indptr),
            shape=(features.shape[0], len(touched)),
        )
        error = softmax(narrow @ self.weights[touched])
        error[np.arange(len(accounts)), accounts] -= 1
        gradient = narrow.T @ error
        self.curvature[touched] += (gradient * gradient).sum(axis=1)
        scale = np.float32(self.RATE) / np.sqrt(self.curvature[touched])
        self.weights[touched] -= scale[:, None] * gradient

    def _widen(self, accounts: int) -> None:
        missing = accounts - self.weights.shape[1]
        if missing > 0:
            self.weights = np.hstack(
                [self.weights, np.zeros((len(self.weights), missing), np.float32)]
            )


def softmax(logits: Floats) -> Floats:
    """Turn logits into probabilities, row by row, in their place."""
    logits -= logits.max(axis=1, keepdims=True) if logits.shape[1] else 0
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits
