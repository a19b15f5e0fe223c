"""Does the warehouse hold every line that Plaid has? From the first cursor, beside the changes."""

from functools import partial

from pipelines.relisting import Dated, relisted

DATED: Dated = {"transaction": ("date",)}
audit = partial(relisted, DATED)
