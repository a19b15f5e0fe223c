"""Enrichment: functions on polars frames that explain transactions, with calibrated confidence.

Facets stand in `registry`, `enriching` asks them, `tables` and `store` say where findings and
models are kept. Notably absent, deliberately: queries that run here (the caller brings frames) and
anything derived from Xero (see `lineage`).
"""
