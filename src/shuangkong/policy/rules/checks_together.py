"""The checks of tables once all packs are there: on figures that another document sets, or sets again.

A pack is checked by itself when it is read, and a figure that another pack carries may be anything then. Here the
tables for which that made a difference are looked at once more, with the figures of all packs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.model import Pack
from shuangkong.policy.parameters import Parameter
from shuangkong.policy.rules.catalogue import Places
from shuangkong.policy.rules.checked import CheckedTable
from shuangkong.policy.rules.nodes import names_in
from shuangkong.policy.rules.together import proof_of

#: (pack, table, why) of tables of which gaps, overlaps and dead rows could not all be ruled out.
Unproved = tuple[tuple[str, str, Label], ...]


def proved_together(packs: Sequence[Pack], parameters: Mapping[str, Parameter]) -> tuple[Unproved, list[UserError]]:
    """What stays unproved with the parameters of all packs, and faults that only these show (RULE-005)."""
    unproved: list[tuple[str, str, Label]] = []
    problems: list[UserError] = []
    for pack in packs:
        open_ = dict(pack.unchecked)
        own = {p.id: len(p.values) for p in pack.parameters}
        entries = {t.id: t for t in pack.tables}
        places = Places(pack)
        for table in pack.decided:
            why = open_.get(table.id)
            if why is not None or _set_elsewhere(table, own, parameters):
                faults, why = proof_of(entries[table.id], table, parameters)
                problems += [words.at(places.of(entries[table.id], path)) for path, words in faults]
            if why is not None:
                unproved.append((pack.key, table.id, why))
    return tuple(unproved), problems


def _set_elsewhere(table: CheckedTable, own: Mapping[str, int], parameters: Mapping[str, Parameter]) -> bool:
    """Whether a condition rests on a figure of which other packs carry rows too."""
    asked = set(names_in(*(r.condition for r in table.rows)))
    used = [p.id for p in table.parameters if p.name in asked]
    return any(i in parameters and len(parameters[i].values) != own.get(i) for i in used if i in own)
