"""Failed payments won back, and whether it helped: flows, an exact engine, experiments.

    signals ──▶ detection ──▶ episodes ──▶ engine ──▶ transitions, timers, actions ──▶ Stripe
    (latest state of Postgres)  one per invoice   pure    committed together            senders

The room stands on the kernel alone. `flows/` is the document: its schema, conditions, validation.
`engine/` decides: pure functions of an episode, its facts and the time. `experiments/` measures.
What touches the outside lies beside them: the store, the provider's client, senders, the worker.
"""
