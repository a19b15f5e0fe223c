"""Who may read the figures, and do they count?"""

import httpx
from pydantic import SecretStr

from tests.serving.test_webhooks import connect, deliver, event, stripe_signature


def figures(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_figures_count_and_name_no_tenant(workspace, anonymous, api_url):
    connection = connect(workspace)
    before = figures(anonymous.get("/metrics").text)
    body = event()
    for _ in range(2):
        deliver(workspace, connection, body, stripe_signature(body))
    deliver(workspace, connection, body, stripe_signature(body, "whsec_wrong_one"))
    text = anonymous.get("/metrics").text
    after = figures(text)

    def grown(name):
        return after[name] - before.get(name, 0)

    assert grown('oppulence_webhooks_received_total{provider="stripe"}') == 3
    assert grown("oppulence_webhooks_committed_total") == 1
    assert grown("oppulence_webhooks_repeated_total") == 1
    assert grown('oppulence_webhooks_refused_total{reason="signature"}') == 1
    assert str(workspace.tenant) not in text
    assert connection.id not in text


def test_a_stranger_is_told_of_no_such_path(serve, engines, warehouse, api_url):
    asked = {"X-Forwarded-For": "203.0.113.9"}  # a proxy on this machine tells whom it serves
    assert httpx.get(f"{api_url}/metrics", headers=asked).status_code == 404
    token = SecretStr("a-token-for-tests")
    url = serve(engines.model_copy(update={"metrics_token": token}))
    assert httpx.get(f"{url}/metrics").status_code == 404
    told = {"Authorization": "Bearer a-token-for-tests"}
    assert httpx.get(f"{url}/metrics", headers=told).status_code == 200
