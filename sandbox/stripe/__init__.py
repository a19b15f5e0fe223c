"""How does Stripe show the demo company?

The projection of its facts and Stripe's HTTP surface over it.
"""
