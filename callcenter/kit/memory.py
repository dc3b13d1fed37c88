"""How the server has its garbage collected."""

from __future__ import annotations

import gc

GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""`gc.set_threshold`. Python's own (700, 10, 10) look through all live calls several times a second, a fifth of
the CPU time at 80 calls a second; nearly all that the server drops is freed at once, by its reference count. New
objects between two looks are about 10 MB at most."""


def settle_memory() -> None:
    """To be called once the server is built: what is there now lives as long as it does, so the collector need
    not look at it again, and from now on looks by GARBAGE_THRESHOLDS (`callcenter serve` starts without)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()
