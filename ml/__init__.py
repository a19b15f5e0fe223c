"""Enrichment: functions on polars frames that explain transactions, with calibrated confidence.

Notably absent, deliberately: clients of any engine (the caller brings frames and stores artifacts),
models trained across workspaces, and anything derived from Xero (see `lineage`).
"""
