"""Whose payments are searched for series? Those of many payees side by side, in arrays.

A payee here is one merchant, one currency, one direction of money. What is asked of payments is
asked of all payees at once: a workspace has thousands of payees with a handful of payments each,
and an array operation costs the same for one of them as for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ml.recurring.cadences import Numbers

# Payees are searched together up to so many pairs of payments (squares, summed).
_TOGETHER = 10_000_000


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments by payee and day.

    Attributes
    ----------
    payee
        The number of each payment's payee: 0, 1, …, ascending, without gaps.
    ordinals
        Of the days, ascending within a payee.
    logs
        Natural logarithms of the amounts.
    """

    payee: Numbers
    ordinals: Numbers
    logs: Numbers

    @property
    def starts(self) -> Numbers:
        """Return the place of each payee's first payment."""
        return np.flatnonzero(np.diff(self.payee, prepend=-1))

    @property
    def counts(self) -> Numbers:
        """Return how many payments each payee has."""
        return np.bincount(self.payee)

    def only(self, places: Numbers) -> "Payments":
        """Return some of the payments, their payees numbered anew.

        Parameters
        ----------
        places
            Ascending.

        Examples
        --------
        >>> several = Payments(np.array([0, 1, 2]), np.array([7, 8, 9]), np.zeros(3))
        >>> several.only(np.array([0, 2])).payee.tolist()
        [0, 1]
        """
        payee = np.unique(self.payee[places], return_inverse=True)[1]
        return Payments(payee, self.ordinals[places], self.logs[places])

    def in_parts(self) -> Iterator[Numbers]:
        """Yield the places of payees that are searched together: few long ones, or many short."""
        counts, starts = self.counts, self.starts
        by_size = np.argsort(counts, kind="stable")
        part = np.cumsum(counts[by_size] ** 2) // _TOGETHER
        for payees in np.split(by_size, np.flatnonzero(np.diff(part)) + 1):
            some = np.sort(payees)
            within = np.arange(counts[some].sum()) - np.repeat(
                np.cumsum(counts[some]) - counts[some], counts[some]
            )
            yield np.repeat(starts[some], counts[some]) + within
