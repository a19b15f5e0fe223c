"""What does GoCardless bank account data look like on loopback? The demo company's euro banks.

`app.py` answers, `consents.py` keeps agreements, requisitions and their accounts, `limits.py`
counts what GoCardless allows, `render.py` writes accounts, balances and lines.
"""
