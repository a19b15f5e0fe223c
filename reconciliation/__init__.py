"""Where did each payout go? Payout → bank deposit → accounting entry, with verdict and reason.

Pure functions on plain records: no engine, no clock, no file, and nothing learned from data
(Xero's terms forbid it). `matching.reconcile` is the door; `accounts` makes one account of what two
providers show twice. Reading and writing is `assets/`' work.
"""
