"""The neighbour's region and unit: by id, filter, sort, export, interface and error message as if they were not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rights.demo import World
from shuangkong.app.demo.city import make_city, unit_subject

#: Somebody who may see the own county or unit, but nothing of the county beside it.
NEIGHBOURS = ("officer", "unit_manager", "bank", "service_company")
#: Addresses that name a thing, and what they name.
BY_ID = (
    ("/regions/{}", "other_region"),
    ("/units/{}", "other_unit"),
    ("/units/{}?method=x", "other_unit"),
    ("/findings/{}", "other_region_finding"),
    ("/findings/{}", "other_unit_finding"),
    ("/api/findings/{}", "other_region_finding"),
    ("/api/findings/{}", "other_unit_finding"),
    ("/findings?region={}", "other_region"),
    ("/findings?region={}", "other_unit"),
    ("/findings?q={}", "other_unit_finding"),
    ("/findings.csv?region={}", "other_region"),
    ("/api/findings?region={}", "other_region"),
    ("/?region={}", "other_region"),
    ("/units?region={}", "other_region"),
    ("/units?q={}", "other_unit"),
    ("/api/units?region={}", "other_region"),
    ("/rights?about={}", "other_unit"),
    ("/rights?about={}", "other_region_finding"),
    ("/rights?about=/units/{}", "other_unit"),
)
NOTHING = {"region": "s_0123456789abcdef0123", "unit": "s_0123456789abcdef0123", "finding": "f_0123456789abcdef0123"}


def plain(answer: Any, named: str) -> tuple[int, str]:
    """Status and text without what differs from request to request, and without the id that was asked for."""
    text = answer.text.replace(named, "ID")
    text = re.sub(r'("request_id": *"|request-id[^>]*>|data-request[^>]*>)[\w-]+', r"\1R", text)
    text = re.sub(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b", "HEX", text)
    return answer.status_code, re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z)?", "NOW", text)


@pytest.mark.parametrize("role", NEIGHBOURS)
@pytest.mark.parametrize(("address", "thing"), BY_ID)
def test_what_is_out_of_scope_looks_like_what_is_not_there(world: World, role: str, address: str, thing: str) -> None:
    """Status and words are those of an id that never was."""
    real = world.ids[thing]
    never = NOTHING[thing.rsplit("_", 1)[-1]][: len(real)].ljust(len(real), "0")
    client = world.client(role)
    there = client.get(address.format(real), follow_redirects=False)
    not_there = client.get(address.format(never), follow_redirects=False)
    assert there.status_code < 500
    assert plain(there, real) == plain(not_there, never)


def names_of_the_neighbours() -> set[str]:
    """Names and codes of the units that lie in any county but the own one, and did not move there."""
    city = make_city()
    own = city.design.counties[0].code
    consented = {unit_subject(u) for u in city.units[:3]}
    found = [u for u in city.units if own not in (u.county, u.moved_to) and unit_subject(u) not in consented]
    return {u.uscc for u in found} | {u.name_zh for u in found} | {str(unit_subject(u)) for u in found}


@pytest.mark.parametrize("role", NEIGHBOURS)
@pytest.mark.parametrize(
    "address",
    [
        "/", "/findings?size=200", "/findings?sort=subject&size=200", "/findings?sort=-subject&size=200",
        "/findings.csv", "/api/findings?size=1000", "/api/home", "/packs", "/runs", "/units?size=200",
        "/units?sort=-name&size=200", "/units.csv", "/api/units?size=1000", "/imports", "/jobs", "/consents",
        "/account", "/rights",
    ],
)  # fmt: skip
def test_no_page_or_file_names_a_neighbour(world: World, role: str, address: str) -> None:
    """Whatever the order, page or format: no name, code or id of a unit next door."""
    answer = world.client(role).get(address)
    assert answer.status_code < 500
    found = sorted(n for n in names_of_the_neighbours() if n in answer.text)
    assert found == []


@pytest.mark.parametrize("role", NEIGHBOURS)
def test_one_sees_what_is_ones_own(world: World, role: str) -> None:
    """The tests above would pass on empty pages; this one would not."""
    thing = {"officer": "own_unit", "unit_manager": "managed_unit"}.get(role, "consented_unit")
    assert world.client(role).get(f"/units/{world.ids[thing]}").status_code == 200


def test_the_public_sees_no_unit_and_no_invented_region(world: World) -> None:
    """What is public are the regions that were published."""
    client = world.client("public")
    assert client.get(f"/units/{world.ids['own_unit']}", follow_redirects=False).status_code == 303
    assert client.get(f"/regions/{world.ids['own_region']}").status_code == 404
    assert client.get("/findings").status_code == 200
