"""Did recovery bring in money that would not have come by itself? Assignment, outcome, inference.

    arms      who gets what, by hash: sticky, reproducible, balanced within strata
    units     intention to treat over matured customers, settled cash as the outcome
    analysis  the estimate, its intervals, and "not yet" when nothing may be said

The holdout keeps what the processor does by itself, so that the lift is ours. Everything is a pure
function of records; storage and pages are elsewhere. `python -m recovery.experiments` checks the
intervals and the test against simulated experiments whose truth is known.
"""
