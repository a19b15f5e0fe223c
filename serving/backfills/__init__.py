"""Backfills: bringing in again what was created in a span of time, window by window."""
