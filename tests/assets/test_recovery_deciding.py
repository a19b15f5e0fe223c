"""What is done about a payment that no flow takes: a likely try, else a word, once; or nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from assets.recovery_acting import keys_of
from assets.recovery_deciding import decide
from core.errors import ConfigurationError
from core.tenancy import TenantId

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
FAILURE = {"attempts_made": 2, "is_retriable": True, "last_failed_at": NOW - timedelta(days=2)}
EPISODE = {"id": "ep_1", "state": "running", "flow_id": None, "actions": []}
WRITTEN = {"actions": [{"kind": "message"}]}
SEND = {"do": "send", "template": "update_method"}


@pytest.mark.parametrize(
    ("failure", "episode", "chance", "may_retry", "wanted"),
    [
        ({}, {}, 0.2, True, {"do": "retry"}),
        ({}, WRITTEN, 0.2, True, {"do": "retry"}),
        ({"last_failed_at": NOW - timedelta(hours=23)}, {}, 0.9, True, None),
        ({}, {}, 0.19, True, SEND),
        ({}, WRITTEN, 0.19, True, None),
        # Nobody tells how likely it is: nothing is tried, and nobody is troubled.
        ({}, {}, None, True, None),
        # The provider retries: a likely try is its own to make.
        ({}, {}, 0.9, False, None),
        ({}, {}, 0.1, False, SEND),
        ({"is_retriable": False}, {}, 0.9, True, SEND),
        ({"is_retriable": False}, {}, None, False, SEND),
        ({"attempts_made": 6}, {}, 0.9, True, SEND),
        ({}, {"flow_id": "flow_1"}, 0.9, True, None),
        ({}, {"state": "paused"}, 0.9, True, None),
        ({}, {"state": "ended"}, 0.9, True, None),
    ],
)
def test_what_is_asked_for(failure, episode, chance, may_retry, wanted):
    act = decide(FAILURE | failure, EPISODE | episode, chance, NOW, may_retry=may_retry)
    assert (None if act is None else dict(act.body)) == wanted


def test_the_same_failure_in_the_same_state_has_one_key():
    first = decide(FAILURE, EPISODE, 0.5, NOW, may_retry=True)
    again = decide(FAILURE, EPISODE, 0.4, NOW + timedelta(hours=1), may_retry=True)
    later = decide(FAILURE | {"attempts_made": 3}, EPISODE, 0.5, NOW, may_retry=True)
    assert first is not None
    assert again is not None
    assert later is not None
    assert first.key == again.key == "recovery-ep_1-2-retry"
    assert later.key == "recovery-ep_1-3-retry"


def test_keys_are_read_by_workspace():
    assert keys_of(" ws_a=opk_1,ws_b=opk_2,") == {
        TenantId("ws_a"): "opk_1",
        TenantId("ws_b"): "opk_2",
    }
    assert keys_of("") == {}
    with pytest.raises(ConfigurationError):
        keys_of("opk_1")
