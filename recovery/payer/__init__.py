"""What does a payer meet? A message in their language, and behind its link a page without a login.

links    tokens: single purpose, expiring, hashed at rest, nothing personal in the address
wording  which template a message uses: the workspace's own, else the library's
acting   what a payer may do there: another method, pay, another day, help, no more reminders
"""
