"""What can be changed through Stripe's API?

One module per kind of object, each a table of routes.
"""
