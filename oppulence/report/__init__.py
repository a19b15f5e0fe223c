"""How did the company's month go? One page that stands alone: `oppulence report`.

    marts and unified ─► findings (exact amounts, per currency) ─► charts ─► one HTML file, a PDF

Currencies are never added up. Every chart is drawn without a script, and has its figures beside it
as a table. Nothing is loaded from anywhere, so the file can be mailed and opened in ten years.
"""
