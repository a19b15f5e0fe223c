"""The kernel: settings, money, tenancy, secrets, errors, logs, and the clients of the engines.

Imports nothing of ours; every other room may import it.
"""
