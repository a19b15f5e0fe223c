"""How does a user let Oppulence read an account? One flow per provider, behind one protocol.

`serving` starts and finishes flows for the API, `oppulence connect` for the terminal, `pipelines`
renews what expires. Nothing here knows FastAPI, dlt or Dagster.
"""
