"""Does a part that keeps ending wait longer each time, and is it given up in the end?"""

from local.restarts import Restarts


def test_delays_double_until_it_is_given_up() -> None:
    state, seen = Restarts(), []
    for _ in range(6):
        state = state.after_end(lived_seconds=1.0)
        seen.append((state.delay_seconds(), state.is_given_up))
    assert seen == [
        (0.5, False), (1.0, False), (2.0, False), (4.0, False), (8.0, False), (16.0, True),
    ]  # fmt: skip


def test_a_long_life_clears_the_earlier_failures() -> None:
    state = Restarts(quick_failures=5).after_end(lived_seconds=30.0)
    assert state == Restarts(quick_failures=1)
    assert state.delay_seconds() == 0.5


def test_the_delay_has_a_limit() -> None:
    assert Restarts(quick_failures=40).delay_seconds() == 30.0
