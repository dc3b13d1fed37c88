"""How long to wait before the next try: full jitter, so that many servers do not come back at once.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator


def backoff(
    *, base: float, ceiling: float, draw: Callable[[float, float], float] = random.uniform
) -> Iterator[float]:
    """Yield waits in seconds without end, each below a bound that doubles from `base` to `ceiling`."""
    bound = base
    while True:
        yield draw(0.0, bound)
        bound = min(ceiling, bound * 2)
