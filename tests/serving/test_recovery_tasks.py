"""Tasks for a person: listed, done once, taken up again; over the API and on pages."""

import re

import pytest

from tests.serving.merchant import days_ago


@pytest.fixture
def asked(merchant):
    """Two tasks of one episode, the older one about yen."""
    here = merchant.connect()
    merchant.episode(here, "ep_1", amount_minor=500, currency="JPY")
    merchant.task("ep_1", "Call them.", id="task_1", created_at=days_ago(2))
    merchant.task("ep_1", "Call <b>again</b>.", id="task_2", created_at=days_ago(1))
    return merchant


@pytest.fixture
def api(asked):
    def call(method, path, **options):
        return asked.visitor.api(method, f"/v1/recovery/tasks{path}", str(asked.tenant), **options)

    return call


def ids(answer) -> list[str]:
    return [one["id"] for one in answer.json()["data"]]


def test_tasks_are_listed_newest_first_with_what_they_are_about(asked, api):
    first = api("GET", "?limit=1").json()
    (task,) = first["data"]
    moments = {name: task.pop(name) for name in ("created_at",)}
    assert moments["created_at"].endswith("Z")
    assert task == {
        "id": "task_2", "episode_id": "ep_1", "instruction": "Call <b>again</b>.",
        "state": "open", "done_at": None, "done_by": None, "cause": "renewal",
        "customer_id": "cus_ep_1", "subject_id": "in_ep_1", "amount": "500",
        "amount_minor": 500, "currency": "JPY", "episode_state": "running",
    }  # fmt: skip
    assert ids(api("GET", f"?cursor={first['next_cursor']}")) == ["task_1"]
    assert ids(api("GET", "?episode_id=ep_none")) == []
    assert api("GET", "/task_1").json()["instruction"] == "Call them."
    assert api("GET", "/task_none").status_code == 404


def test_a_task_is_done_once_and_may_be_taken_up_again(asked, api):
    keyed = {"json": {"do": "complete"}, "headers": {"Idempotency-Key": "once"}}
    done = api("POST", "/task_1/changes", **keyed)
    assert (done.status_code, done.json()["state"], done.json()["done_by"]) == (
        200, "done", asked.email,
    )  # fmt: skip
    again = api("POST", "/task_1/changes", **keyed)
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", done.json())
    twice = api("POST", "/task_1/changes", json={"do": "complete"})
    assert (twice.status_code, twice.json()["detail"]) == (
        409, f"The task was done by {asked.email}.",
    )  # fmt: skip
    assert ids(api("GET", "?state=done")) == ["task_1"]
    assert ids(api("GET", "?state=open")) == ["task_2"]
    opened = api("POST", "/task_1/changes", json={"do": "reopen"}).json()
    assert (opened["state"], opened["done_at"], opened["done_by"]) == ("open", None, None)
    assert api("POST", "/task_1/changes", json={"do": "reopen"}).status_code == 409
    assert api("POST", "/task_none/changes", json={"do": "reopen"}).status_code == 404
    assert api("POST", "/task_1/changes", json={"do": "burn"}).status_code == 422
    log = asked.visitor.api("GET", "/v1/audit_log", str(asked.tenant)).json()["data"]
    assert [(one["action"], one["target"], one["details"]) for one in log][:2] == [
        ("recovery_task.reopen", "task_1", {"episode_id": "ep_1"}),
        ("recovery_task.complete", "task_1", {"episode_id": "ep_1"}),
    ]


def test_the_page_lists_open_tasks_and_closes_one(asked):
    page = asked.open("/tasks")
    shown = re.findall(r'<b id="(task_\d)">(.*?)</b>', page.text)
    assert shown == [("task_2", "Call &lt;b&gt;again&lt;/b&gt;."), ("task_1", "Call them.")]
    assert 'class="tally"' in page.text
    assert "¥500, renewal failed" in page.text
    done = asked.submit(page, "/tasks/task_2/changes", do="complete")
    assert "Done." in done.text
    assert re.findall(r'<b id="(task_\d)">', done.text) == ["task_1"]
    assert asked.submit(page, "/tasks/task_2/changes", do="complete").status_code == 409
    back = asked.submit(page, "/tasks/task_1/changes", do="complete", back="episode")
    assert str(back.url).endswith("/recovery/episodes/ep_1?done=complete")
    assert f"by {asked.email}" in back.text
    assert "Nothing to do" in asked.open("/tasks").text
    assert len(re.findall('<b id="task_', asked.open("/tasks?state=done").text)) == 2


def test_members_see_tasks_and_strangers_none(asked, arrive):
    member, stranger = asked.colleague("member"), arrive()
    page = member.open("/tasks")
    assert ("Call them." in page.text, '<button class="quiet"' in page.text) == (True, False)
    assert member.submit(page, "/tasks/task_1/changes", do="complete").status_code == 403
    own = stranger.open("/tasks")
    assert "Call them." not in own.text
    assert stranger.submit(own, "/tasks/task_1/changes", do="complete").status_code == 404
    assert stranger.visitor.open(f"{asked.base}/tasks").status_code == 404
    forged = asked.visitor.http.post(f"{asked.base}/tasks/task_1/changes", data={"do": "complete"})
    assert forged.status_code == 403
    assert (
        stranger.visitor.api("GET", "/v1/recovery/tasks/task_1", str(stranger.tenant)).status_code
        == 404
    )
    assert 'class="tally"' not in own.text
