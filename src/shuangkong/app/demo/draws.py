"""Draws for invented figures: each follows from seed and label alone, exact, in any order and on any machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

_BITS = 40


@dataclass(frozen=True, slots=True)
class Draws:
    """A source of draws; the same seed and label give the same figure."""

    seed: int

    def share(self, *label: object) -> Decimal:
        """A figure in [0, 1), even, to nine places."""
        text = "\x1f".join((str(self.seed), *(str(part) for part in label)))
        raw = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=_BITS // 8).digest(), "big")
        return Decimal(raw * 10**9 >> _BITS).scaleb(-9)

    def between(self, low: Decimal, high: Decimal, *label: object) -> Decimal:
        """An even figure in [low, high)."""
        return low + (high - low) * self.share(*label)

    def around(self, spread: Decimal, *label: object) -> Decimal:
        """A factor near 1, within ±spread, the more likely the nearer."""
        return 1 + spread * (self.share(*label, "a") + self.share(*label, "b") - 1)
