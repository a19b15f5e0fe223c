"""Is an account that two providers show one account, and does each of its lines count once?"""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from reconciliation.accounts import Account, Line, lines_once, same_accounts, twins_of
from sandbox.company.banking import BankAccount
from sandbox.company.reach import REACH
from sandbox.world import World

DAY = timedelta(days=1)
FIRST = date(2026, 3, 2)


def lines(account, amounts, first=FIRST, prefix=""):
    return [
        Line(f"{prefix}{account}/{place}", account, first + place * DAY, amount)
        for place, amount in enumerate(amounts)
    ]


def shown(provider: str, account: BankAccount) -> Account:
    """What a provider tells of an account: the american ones know no IBAN."""
    american = provider in ("plaid", "teller")
    return Account(
        key=f"{provider}/{account.id}", connection=provider, currency=account.currency.upper(),
        type=account.kind, institution=account.institution, mask=account.mask,
        iban=None if american else account.iban,
    )  # fmt: skip


def test_the_companys_accounts_are_as_many_as_there_are_and_no_line_counts_twice(world: World):
    accounts = [
        shown(provider, world.bank.account(name))
        for provider, held in REACH.items()
        for name in held
    ]
    seen = {
        account.key: [
            Line(f"{account.key}/{line.id}", account.key, line.booked_on, line.amount)
            for line in world.bank.lines(account.key.split("/")[1])
            if line.posted_at < world.spec.until_at
        ]
        for account in accounts
    }
    found = same_accounts(accounts, seen)
    assert {frozenset(account.sources) for account in found if len(account.sources) > 1} == {
        frozenset({"plaid/usd_operating", "teller/usd_operating"}),
        frozenset({"gocardless/eur_operating", "enablebanking/eur_operating"}),
    }
    assert len(found) == len({name for held in REACH.values() for name in held})
    for account in found:
        once = Counter(line.key.split("/")[2] for line in lines_once(account, seen))
        assert once == Counter(line.key.split("/")[2] for line in seen[account.key])


def test_ibans_that_differ_are_two_accounts_whatever_else_agrees():
    one = Account("a", "conn_a", "EUR", "depository", "Hansa", "3000", "DE02200411770532013000")
    other = replace(one, key="b", connection="conn_b", iban="DE02200411770532993000")
    both = {"a": lines("a", range(100, 140)), "b": lines("b", range(100, 140))}
    assert [account.sources for account in same_accounts([one, other], both)] == [("a",), ("b",)]


def test_equal_digits_of_two_banks_are_one_account_only_if_their_lines_agree():
    one = Account("a", "conn_a", "USD", "depository", "Cascade National", "7734")
    other = Account("b", "conn_b", "USD", "depository", "CNB Texas", "7734")
    agreeing = {"a": lines("a", [1, 2, 3, 4, 5, 6]), "b": lines("b", [1, 2, 3, 4, 5, 7])}
    strange = {"a": lines("a", [1, 2, 3, 4, 5, 6]), "b": lines("b", [10, 20, 30, 40, 50, 60])}
    assert [account.sources for account in same_accounts([one, other], agreeing)] == [("a", "b")]
    assert len(same_accounts([one, other], strange)) == 2
    assert len(same_accounts([one, other], {})) == 2
    # Of one bank they are one, unless the lines speak against it.
    same_bank = replace(other, institution="Cascade National Bank")
    assert len(same_accounts([one, same_bank], {})) == 1
    assert len(same_accounts([one, same_bank], strange)) == 2


def test_two_accounts_of_one_connection_stay_two():
    one = Account("a", "conn_a", "USD", "depository", "Cascade", "7734")
    assert len(same_accounts([one, replace(one, key="b")], {})) == 2


def test_another_sources_lines_count_only_where_the_primary_one_is_silent():
    """The primary reaches 2 to 7 March; the other 5 to 10 March, and dates one line a day later."""
    one = Account("a", "conn_a", "EUR", "depository", "Hansa", "3000")
    other = replace(one, key="b", connection="conn_b")
    ours = lines("a", [10, 20, 30, 40, 50, 60])
    theirs = [
        Line("b/0", "b", date(2026, 3, 5), 40), Line("b/1", "b", date(2026, 3, 6), 50),
        # 60 is ours of the 7th; 70 and 60 of the 9th are new.
        Line("b/2", "b", date(2026, 3, 8), 60), Line("b/3", "b", date(2026, 3, 9), 70),
        Line("b/4", "b", date(2026, 3, 10), 60),
    ]  # fmt: skip
    [account] = same_accounts([one, other], {"a": ours, "b": theirs})
    assert (account.key, account.since, account.until) == ("a", FIRST, date(2026, 3, 10))
    once = lines_once(account, {"a": ours, "b": theirs})
    assert [line.key for line in once] == ["a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "b/3", "b/4"]


def test_what_a_link_that_ended_did_not_tell_of_its_last_days_is_taken_from_the_next():
    """The old link ends on 3 March. Of that afternoon, and of a line booked under the 2nd, only the
    new one tells; what it lacks or dates otherwise in the days before stays as the old one told it.
    """
    one = Account("a", "conn_a", "USD", "depository", "Cascade", "7734")
    other = replace(one, key="b", connection="conn_b")
    days = [date(2026, 2, 1), *(date(2026, 3, 1 + place % 3) for place in range(9))]
    ours = [Line(f"a/{place}", "a", on, 1_000 + place) for place, on in enumerate(days)]
    theirs = [replace(line, key=f"b/{line.key[2:]}", account="b") for line in ours[1:]]
    theirs += [
        Line("b/afternoon", "b", date(2026, 3, 3), 50_000),
        Line("b/back-dated", "b", date(2026, 3, 2), -700),
        Line("b/next day", "b", date(2026, 3, 4), 60_000),
        Line("b/deep within", "b", date(2026, 2, 10), 1),
    ]
    seen = {"a": ours, "b": theirs}
    [account] = same_accounts([one, other], seen)
    once = lines_once(account, seen)
    assert {line.key for line in once} == {line.key for line in ours} | {
        "b/afternoon", "b/back-dated", "b/next day"
    }  # fmt: skip
    assert twins_of(account, seen, once) == {f"b/{place}": f"a/{place}" for place in range(1, 10)}


def test_a_line_stands_for_the_nearest_of_as_much_money_and_for_one_only():
    one = Account("a", "conn_a", "USD", "depository", "Cascade", "7734")
    other = replace(one, key="b", connection="conn_b")
    ours = [Line(f"a/{day}", "a", date(2026, 3, day), 100) for day in (1, 9, 10, 20)]
    theirs = [Line(f"b/{day}", "b", date(2026, 3, day), 100) for day in (9, 11, 12, 24)]
    seen = {"a": ours, "b": theirs}
    [account] = same_accounts([one, other], seen)
    once = lines_once(account, seen)
    # The 9th is the 9th, the 11th the 10th; of the 12th nothing is left, and the 24th is new.
    assert [line.key for line in once] == ["a/1", "a/9", "a/10", "a/20", "b/24"]
    assert twins_of(account, seen, once) == {"b/9": "a/9", "b/11": "a/10"}
