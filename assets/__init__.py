"""Dagster assets: what Dagster materialises (ingest, dbt models) and the checks over it.

Definitions only: when they run is decided in `orchestration/`.
"""
