"""How fast may one account be asked? Additive increase, multiplicative decrease, under a cap.

Stripe's limits differ by mode, endpoint and account and are not announced in its answers, so the
rate is found by probing: halved at each 429 (at most once a second, since a burst of them is one
verdict), raised by a fiftieth of the cap with each success.
"""

import asyncio

SLOWEST = 0.5
_STEPS_TO_CAP = 50


class RateLimiter:
    """Spaces the requests of one account in one event loop."""

    def __init__(self, requests_per_second: float) -> None:
        self.cap = requests_per_second
        self.rate = requests_per_second
        self._next_at = 0.0
        self._slowed_at = float("-inf")

    async def turn(self) -> None:
        """Wait until the next request may leave."""
        now = asyncio.get_running_loop().time()
        start_at = max(now, self._next_at)
        self._next_at = start_at + 1 / self.rate
        if start_at > now:
            await asyncio.sleep(start_at - now)

    def succeeded(self) -> None:
        """Raise the rate a little."""
        self.rate = min(self.cap, self.rate + self.cap / _STEPS_TO_CAP)

    def limited(self, pause_seconds: float) -> None:
        """Halve the rate after a 429 and hold every request back for `pause_seconds`."""
        now = asyncio.get_running_loop().time()
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self.rate = max(min(SLOWEST, self.cap), self.rate / 2)
        self._next_at = max(self._next_at, now + pause_seconds)
