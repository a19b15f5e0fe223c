"""Which sandbox do these tests change?

One of their own, and its objects through Stripe's official client.
"""

from collections.abc import Iterator

import pytest
from stripe import StripeClient

from sandbox.process import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def live_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A company that tests may change; webhooks are retried fast."""
    with running_sandbox(
        tmp_path_factory.mktemp("live"), "--scale", "60", "--seed", "11"
    ) as running:
        yield running


def client_of(sandbox: RunningSandbox, **options: object) -> StripeClient:
    """Stripe's own client, pointed at a sandbox."""
    return StripeClient(
        sandbox.api_key, base_addresses={"api": sandbox.url}, max_network_retries=0, **options
    )


@pytest.fixture
def stripe(stripe_sandbox: RunningSandbox) -> StripeClient:
    """A client of the shared company."""
    return client_of(stripe_sandbox)


@pytest.fixture
def live(live_sandbox: RunningSandbox) -> StripeClient:
    """A client of the company that may be changed."""
    return client_of(live_sandbox)
