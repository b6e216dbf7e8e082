"""Passwords (口令): argon2id, and the rules for new ones."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from shuangkong.kernel.errors import UserError

SHORTEST = 12
LONGEST = 256
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The argon2id hash, with its salt and costs."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one kept; takes as long where there is none, so that names cannot be told apart."""
    try:
        _HASHER.verify(kept or _dummy(), password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return kept is not None


@dataclass(frozen=True, slots=True)
class Tried:
    """A password that was tried against a hash: it takes a while, and nobody else should wait for it."""

    kept: str | None
    right: bool

    @classmethod
    def against(cls, kept: str | None, password: str) -> Tried:
        """Try it now."""
        return cls(kept, matches(kept, password))


def fits(kept: str | None, password: str, tried: Tried | None) -> bool:
    """Whether the password is the one kept: as it was tried, unless another one is kept by now."""
    return tried.right if tried is not None and tried.kept == kept else matches(kept, password)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A new password that may be used, as its hash: made before the transaction that keeps it."""

    hash: str

    @classmethod
    def of(cls, password: str, name: str) -> NewPassword:
        """Check and hash it; RIGHT-005 saying which rule it breaks."""
        return cls(hashed(check_password(password, name)))


def outdated(kept: str) -> bool:
    """Whether the hash was made with costs that are no longer the present ones."""
    return _HASHER.check_needs_rehash(kept)


def check_password(password: str, name: str) -> str:
    """The password, if it may be used; RIGHT-005 saying which rule it breaks."""
    lower = password.casefold()
    broken = (
        (len(password) < SHORTEST, "short", f"it has {len(password)} characters, at least {SHORTEST} are needed"),
        (len(password) > LONGEST, "long", f"it has more than {LONGEST} characters"),
        (bool(name) and name.casefold() in lower, "holds_name", "it contains the user name"),
        (len(set(lower)) < 5, "repeats", "it repeats too few characters"),
        (lower in common_passwords(), "common", "it is a common password"),
    )
    for wrong, case, why in broken:
        if wrong:
            raise UserError(
                "RIGHT-005", f"{why}.", where="password", remedy="Choose a longer phrase of your own.", case=case,
                facts={"has": len(password), "least": SHORTEST, "most": LONGEST},
            )  # fmt: skip
    return password


def first_password() -> str:
    """A random password for the first sign-in; it must be changed there."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


@cache
def common_passwords() -> frozenset[str]:
    """Common passwords of twelve characters and more; shorter ones are refused for their length."""
    text = resources.files("shuangkong.webkit").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())


@cache
def _dummy() -> str:
    return hashed(secrets.token_urlsafe(24))
