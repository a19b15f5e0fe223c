"""Which answers stay at hand? Those that are asked for again; pages read once push none out."""

from serving.answers import ASKED_AGAIN_BYTES, ASKED_ONCE_BYTES, AnswerCache

MEGABYTE = b"x" * 1_000_000
ONCE, AGAIN = ASKED_ONCE_BYTES // len(MEGABYTE), ASKED_AGAIN_BYTES // len(MEGABYTE)


def held(cache: AnswerCache) -> set[str]:
    return {*cache._once.answers, *cache._again.answers}


def test_what_is_asked_again_outlives_any_number_of_pages_asked_once():
    cache = AnswerCache(client=None)
    cache.keep("board", MEGABYTE)
    assert cache.at_hand("board") == MEGABYTE
    for number in range(200):
        cache.keep(f"page {number}", MEGABYTE)
    newest = {f"page {number}" for number in range(200 - ONCE, 200)}
    assert held(cache) == {"board", *newest}
    assert cache.at_hand("page 0") is None


def test_what_is_asked_again_no_more_goes_back_and_then_leaves():
    cache = AnswerCache(client=None)
    for number in range(AGAIN + 1):
        cache.keep(str(number), MEGABYTE)
        assert cache.at_hand(str(number)) == MEGABYTE
    assert set(cache._once.answers) == {"0"}
    assert cache.at_hand("0") == MEGABYTE  # and puts out the next that was not asked for longest
    assert set(cache._once.answers) == {"1"}
    for number in range(ONCE):
        cache.keep(f"page {number}", MEGABYTE)
    assert "1" not in held(cache)
    assert len(held(cache)) == ONCE + AGAIN


def test_bytes_are_those_of_what_is_held():
    cache = AnswerCache(client=None)
    cache.keep("a", b"12345")
    cache.keep("a", b"123")
    cache.keep("b", b"1")
    assert (cache.at_hand("b"), cache.at_hand("nothing")) == (b"1", None)
    cache.keep("b", b"12")
    assert (cache._once.held_bytes, cache._again.held_bytes) == (3, 2)
