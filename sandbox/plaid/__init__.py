"""Plaid, simulated: one bank of the demo company, and a brokerage that is not the company's.

`CLIENT_ID` and `SECRET` are the application that it knows; `ACCESS_TOKEN` opens an Item that is
there from the start, whose ids are those of `sandbox.company.wire_ids`. Further Items come through
Link or `/sandbox/public_token/create`, and name everything anew, as Plaid does.
"""

CLIENT_ID = "client_northwind"
SECRET = "secret_northwind"  # noqa: S105 (the sandbox's own, open to all)
ACCESS_TOKEN = "access-sandbox-northwind-1"  # noqa: S105
