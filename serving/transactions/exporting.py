"""Which transactions shall be exported, and as what?"""

from serving.exporting import FileFormat
from serving.transactions.filters import TransactionFilters


class ExportFilters(TransactionFilters):
    """What to export, and as what."""

    format: FileFormat = "csv"
