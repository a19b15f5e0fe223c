"""Does the warehouse hold every line that Teller lists?"""

from functools import partial

from pipelines.relisting import Dated, relisted

DATED: Dated = {"transaction": ("transaction", "date")}
audit = partial(relisted, DATED)
