"""The API of templates: drafts may have faults, versions have none and never change."""

from recovery.messages.facts import EXAMPLE
from recovery.messages.templates import LANGUAGES, Purpose, Tone
from recovery.tone.readability import reading_grade
from tests.serving import reminder
from tests.serving.reminder import NAMED, WORDS

PATH = f"/v1/recovery{reminder.PATH}"


def draft_of(**changes):
    return {**WORDS, **changes}


def changes(send, do, key, **more):
    return send("POST", f"{PATH}/changes", {"do": do, **more}, **{"Idempotency-Key": key})


def live(send):
    found = send("GET", PATH).json()
    return found["subject"], found["live_version"], found["last_version"], found["has_draft"]


def test_a_draft_speaks_once_it_is_published_and_versions_can_be_gone_back_to(send) -> None:
    untouched = send("GET", PATH).json()
    assert untouched == {
        "purpose": "reminder", "language": "en", "tone": "neutral", "is_own": False,
        "live_version": None, "last_version": 0, "has_draft": False, "updated_at": None,
        "draft": None, "findings": [], **WORDS,
    }  # fmt: skip
    library_subject, first, second = WORDS["subject"], "First {{ amount }}", "Second {{ amount }}"
    saved = send("PUT", PATH, draft_of(subject=first))
    assert saved.json()["draft"] == draft_of(subject=first)
    assert live(send) == (library_subject, None, 0, True)
    assert changes(send, "publish", "k1").status_code == 200
    assert live(send) == (first, 1, 1, False)
    # The same request again publishes nothing again; without a draft there is nothing to publish.
    assert changes(send, "publish", "k1").json()["live_version"] == 1
    assert changes(send, "publish", "k2").json()["code"] == "conflict"
    send("PUT", PATH, draft_of(subject=second))
    assert live(send) == (first, 1, 1, True)
    changes(send, "publish", "k3")
    assert live(send) == (second, 2, 2, False)
    assert changes(send, "rollback", "k4", version=1).status_code == 200
    assert live(send) == (first, 1, 2, False)
    assert changes(send, "rollback", "k5", version=7).status_code == 409
    assert changes(send, "rollback", "k6").status_code == 409
    assert changes(send, "library", "k7").json()["is_own"] is False
    assert live(send) == (library_subject, None, 2, False)
    # Numbers go on after going back, so that a number means the same words for ever.
    send("PUT", PATH, draft_of(subject="Third {{ amount }}"))
    assert changes(send, "publish", "k8").json()["live_version"] == 3
    listed = send("GET", f"{PATH}/versions").json()["data"]
    assert [(one["version"], one["subject"]) for one in listed] == [
        (3, "Third {{ amount }}"), (2, second), (1, first),
    ]  # fmt: skip
    every = send("GET", "/v1/recovery/templates?language=en").json()["data"]
    assert len(every) == len(Purpose) * len(Tone)
    own = [(one["purpose"], one["live_version"]) for one in every if one["is_own"]]
    assert own == [("reminder", 3)]
    log = send("GET", "/v1/audit_log").json()["data"]
    assert [one["action"].removeprefix("recovery_template.") for one in log][:8] == [
        "publish", "saved", "library", "rollback", "publish", "saved", "publish", "saved",
    ]  # fmt: skip


def test_a_draft_is_dropped_and_what_is_in_use_stays(send) -> None:
    send("PUT", PATH, draft_of(subject="Kept {{ amount }}"))
    changes(send, "publish", "d1")
    send("PUT", PATH, draft_of(subject="Dropped {{ amount }}"))
    assert changes(send, "discard", "d2").json()["draft"] is None
    assert live(send) == ("Kept {{ amount }}", 1, 1, False)


def test_two_editors_do_not_overwrite_each_other(send) -> None:
    base = send("PUT", PATH, draft_of(subject="Ada {{ amount }}")).json()["updated_at"]
    ours = draft_of(subject="Bob {{ amount }}", based_on=base)
    assert send("PUT", PATH, ours).status_code == 200
    late = send("PUT", PATH, draft_of(subject="Ada again", based_on=base))
    assert (late.status_code, late.json()["code"]) == (409, "template_changed")
    assert send("GET", PATH).json()["draft"]["subject"] == "Bob {{ amount }}"


def test_a_draft_with_faults_is_kept_and_not_published(send) -> None:
    """The problem holds the findings as fields: nobody has to read its sentence."""
    faulty = draft_of(subject="Final warning: we will take legal action")
    assert send("PUT", PATH, faulty).status_code == 200
    refused = changes(send, "publish", "f1")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "template_faulty"
    assert "subject “Final warning”: It threatens" in problem["detail"]
    told = [
        (one["rule"], one["severity"], one["part"], one["start"], one["end"], one["excerpt"])
        for one in problem["findings"]
    ]
    assert told == [
        ("threat_wording", "error", "subject", 0, 13, "Final warning"),
        ("legal_claim_wording", "error", "subject", 28, 40, "legal action"),
    ]
    held = send("GET", PATH).json()
    assert (held["is_own"], held["draft"]["subject"]) == (False, faulty["subject"])
    assert held["findings"] == problem["findings"]


def test_no_other_workspace_reads_or_goes_back_to_a_version(send, new_workspace) -> None:
    send("PUT", PATH, draft_of(subject="Ours {{ amount }}"))
    changes(send, "publish", "t1")
    other = new_workspace()
    get = other.api.get(f"{PATH}/versions", headers=other.headers())
    assert get.json()["data"] == []
    back = other.api.post(
        f"{PATH}/changes", headers=other.headers() | {"Idempotency-Key": "t2"},
        json={"do": "rollback", "version": 1},
    )  # fmt: skip
    assert back.status_code == 409


def test_words_can_be_checked_and_seen_before(send) -> None:
    asked = {**NAMED, **WORDS}
    fine = send("POST", "/v1/recovery/template_checks", asked).json()
    assert (fine["may_be_published"], fine["findings"]) == (True, [])
    assert fine["subject"] == "Reminder: €49.00 is open"
    assert "<!doctype html>" in fine["html"]
    assert fine["body"] == fine["text"].replace(EXAMPLE.pay_url, "")
    assert (fine["reading_grade"], fine["highest_grade"]) == (reading_grade(fine["body"]), 9)
    threat = {**asked, "paragraphs": [*WORDS["paragraphs"], "Pay, or we will sue. Thank you."]}
    told = send("POST", "/v1/recovery/template_checks", threat).json()
    placed = [one for one in told["findings"] if one["excerpt"]]
    assert placed
    for one in placed:
        assert told[one["part"]][one["start"] : one["end"]] == one["excerpt"]
    words = {**asked, "paragraphs": [*WORDS["paragraphs"][:2], "{{ total }}", "Bye"]}
    broken = send("POST", "/v1/recovery/template_checks", words).json()
    assert broken["may_be_published"] is False
    assert broken["findings"] == [
        {
            "check": "broken_variable", "rule": "unknown_variable", "severity": "error",
            "part": "body", "paragraph": 3, "start": 3, "end": 8, "is_written": True,
            "excerpt": "total", "variable": "total", "value": None, "limit": None,
            "reason": "There is no variable total.",
            "suggestion": "Take one of the variables that exist, or leave it out.",
            "suggested_variables": [],
        }
    ]  # fmt: skip
    assert broken["text"] == ""


def test_the_library_is_whole(send) -> None:
    listed = send("GET", "/v1/recovery/templates").json()["data"]
    assert len(listed) == len(Purpose) * len(Tone) * len(LANGUAGES)
