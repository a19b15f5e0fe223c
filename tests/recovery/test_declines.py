"""What a refusal means and whether the card may be tried again, by hand from published rules."""

from datetime import UTC, datetime, timedelta

from core.settings import PROJECT_ROOT
from recovery.declines import GENERIC, Meaning, Refusal, load_declines
from recovery.limits import Attempt, Refused, refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DECLINES = load_declines(PROJECT_ROOT / "dbt")


def meaning(code="", **said):
    return DECLINES.meaning(Refusal(code, **said))


def test_codes_mean_what_the_seed_says():
    assert meaning("insufficient_funds") == Meaning("funds", "soft")
    assert meaning("lost_card").decline_class == "hard"
    assert meaning("authentication_required") == Meaning("authentication", "action_needed")
    assert meaning("a_code_from_the_future") == GENERIC


def test_an_advice_goes_before_the_code_where_it_forbids():
    assert meaning("do_not_honor", advice_code="do_not_try_again").decline_class == "hard"
    assert meaning("lost_card", advice_code="try_again_later").decline_class == "hard"
    stopped = meaning("do_not_honor", network="mastercard", network_advice_code="03")
    assert stopped.decline_class == "hard"
    # The same number from another network is not Mastercard's advice.
    assert meaning("do_not_honor", network="visa", network_advice_code="03") == GENERIC


def test_the_networks_wait_is_kept():
    told = meaning("do_not_honor", network="mastercard", network_advice_code="25")
    assert (told.decline_class, told.wait) == ("soft", timedelta(hours=24))


def tries(number, apart, *, first=NOW - timedelta(days=29), card="card", **said):
    return [Attempt(card, first + apart * n, is_success=False, **said) for n in range(number)]


def test_a_card_is_free_until_a_window_is_full():
    seen = tries(14, timedelta(days=2))
    assert refusal(seen, "card", NOW) is None
    full = tries(15, timedelta(days=2))
    assert refusal(full, "card", NOW) == Refused(
        "15 attempts within 30 days are the limit.", NOW + timedelta(days=1)
    )
    assert refusal(full, "another card", NOW) is None
    assert refusal(full, "card", NOW + timedelta(days=1)) is None


def test_ten_in_a_day_are_enough():
    seen = tries(10, timedelta(hours=1), first=NOW - timedelta(hours=10))
    assert refusal(seen, "card", NOW) == Refused(
        "10 attempts within 24 hours are the limit.", NOW + timedelta(hours=14)
    )


def test_a_firm_no_holds_until_another_method_comes():
    hard = tries(1, timedelta(0), decline_class="hard")
    assert refusal(hard, "card", NOW).until is None
    assert refusal(tries(1, timedelta(0), decline_class="action_needed"), "card", NOW) is not None
    paid_since = [*hard, Attempt("card", NOW, is_success=True)]
    assert refusal(paid_since, "card", NOW) is None


def test_the_networks_wait_is_kept_before_the_next_try():
    waits = tries(1, timedelta(0), first=NOW, decline_class="soft", wait=timedelta(hours=24))
    assert refusal(waits, "card", NOW + timedelta(hours=23)).until == NOW + timedelta(hours=24)
    assert refusal(waits, "card", NOW + timedelta(hours=24)) is None
