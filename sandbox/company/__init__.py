"""What happened in the demo company?

Its customers, plans, payments, payouts and books, as plain facts.
"""
