"""What does Enable Banking look like on loopback? The demo company's euro banks.

`app.py` answers, `application.py` holds the key of the application that may ask, `sessions.py`
keeps authorizations and sessions, `render.py` writes accounts, balances and lines.
"""
