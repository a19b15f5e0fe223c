"""What does the unified layer know of a payer? A catalogue of facts, and columns of their rows.

    a condition's names ──▶ vocabulary ─ what there is: types, words, operators
                        ──▶ reading ──▶ catalogue's statements, columns of dbt's contracts
                                        (one tenant's, through the one scoped function)

Facts are read when a decision needs them, as of that moment, and kept with the decision.
"""
