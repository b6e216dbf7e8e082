"""Rights (权限): a right is a role's action within a scope. Every route and command asks `decide`, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope, Use

Via = Literal["session", "token", "terminal", "anonymous"]
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done; `changes` says whether it leaves anything changed."""

    id: str
    label: Label
    changes: bool


@dataclass(frozen=True, slots=True)
class Role:
    """A role (岗位): what it may do, within which kinds of scope, and what it may use figures for."""

    id: str
    label: Label
    scopes: tuple[str, ...]
    uses: tuple[Use, ...]
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rights:
    """The whole matrix, as `rights.yaml` has it."""

    actions: Mapping[str, Action]
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: a person in one appointment, a token of theirs, the terminal, or the public."""

    principal: str
    name: str
    role: str
    scope: Scope
    via: Via
    person_id: str = ""
    appointment_id: str = ""
    must_change: bool = False
    limited_to: frozenset[str] | None = None

    @property
    def signed_in(self) -> bool:
        """Whether a person is known."""
        return self.via != "anonymous"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and the rule that gave it: role, token, sign_in or password."""

    allowed: bool
    action: Action
    role: Role
    rule: Literal["role", "token", "sign_in", "password"]


@cache
def rights() -> Rights:
    """The matrix; an action that no role has, or a role's unknown action, is a bug found at start."""
    text = resources.files("shuangkong.webkit").joinpath("rights.yaml").read_text("utf-8")
    data = yaml.safe_load(text)
    actions = {k: Action(k, Label(v["zh"], v["en"]), v["changes"]) for k, v in data["actions"].items()}
    roles = {
        k: Role(k, Label(v["zh"], v["en"]), tuple(v["scopes"]), tuple(v["uses"]), frozenset(v["actions"]))
        for k, v in data["roles"].items()
    }
    used = frozenset().union(*(r.actions for r in roles.values()))
    if used != set(actions):
        raise ValueError(f"rights.yaml: {sorted(used ^ set(actions))} stand on one side only")
    return Rights(actions, roles)


def public() -> Who:
    """Whoever has not signed in."""
    return Who(PUBLIC, "", PUBLIC, Scope.published(PUBLIC), "anonymous")


def decide(who: Who, action: str) -> Decision:
    """Whether this reader may do this at all; on which rows is the scope's to say, and the engine's to apply."""
    known = rights()
    asked, role = known.actions[action], known.roles[who.role]
    if action not in role.actions:
        return Decision(False, asked, role, "role" if who.signed_in else "sign_in")
    if who.limited_to is not None and action not in who.limited_to:
        return Decision(False, asked, role, "token")
    if who.must_change and action != "account.self":
        return Decision(False, asked, role, "password")
    return Decision(True, asked, role, "role")


def require(who: Who, action: str) -> Who:
    """The reader, if the action is allowed; RIGHT-001 for who must sign in first, else RIGHT-002."""
    answer = decide(who, action)
    if answer.allowed:
        return who
    if answer.rule == "sign_in":
        raise UserError(
            "RIGHT-001", f"“{answer.action.label.zh}” ({action}) needs a sign-in.", remedy="Sign in and come back.",
            case="sign_in", facts={"action": answer.action.label},
        )  # fmt: skip
    why = {
        "role": f"a {answer.role.label.en} may not “{answer.action.label.en}”",
        "token": f"the token was not made for {action}",
        "password": "the password must be changed first",
    }[answer.rule]
    raise UserError(
        "RIGHT-002", f"{why}.", where=action, remedy="Use another appointment, or ask the platform administrator.",
        case=answer.rule, facts={"role": answer.role.label, "action": answer.action.label},
    )  # fmt: skip


def narrowed(who: Who, actions: frozenset[str]) -> Who:
    """The same reader with fewer actions: what a token was made for."""
    return replace(who, limited_to=actions, via="token")
