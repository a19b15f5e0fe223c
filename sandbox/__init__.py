"""Which providers can be simulated on this machine?

Wire-true loopback sandboxes and the demo company behind them.

`sandbox.company` holds the company's plain facts (provider neutral), `sandbox.stripe` renders
them as
Stripe, and `python -m sandbox` serves both on loopback. Nothing here is imported by production
code.
"""
