"""May this be said to somebody who owes money? Checks before a message can be published.

    rules/*.toml  what must not be said, by language: threat, shame, urgency, legal claim, spam
    checking      every check over one text, as findings with place, reason and suggestion
    rewriting     the same message in another tone, from the library

A finding of a blocking check keeps a message from being published; the others are advice. How often
the checks are wrong is measured on a set that nobody of ours wrote rules from (docs/messages.md).
"""
