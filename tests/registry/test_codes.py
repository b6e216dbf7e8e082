"""Looking up regions, industries and credit codes, and what is said when that fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from shuangkong.kernel.errors import UserError
from shuangkong.registry.api import (
    check_uscc,
    find_region,
    industry,
    industry_path,
    region_by_code,
    region_by_name,
    region_path,
    regions_on,
)

DAY = date(2020, 12, 31)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("河北", "130000"),
        ("河北省", "130000"),
        (" 河 北 省 ", "130000"),
        ("Hebei", "130000"),
        ("內蒙古", "150000"),
        ("广西自治区", "450000"),
        ("海西州", "632800"),
        ("海西蒙古族藏族自治州", "632800"),
        ("海南州", "632500"),
        ("海南", "460000"),
        ("吉林", "220000"),
        ("吉林市", "220200"),
        ("黑龍江省", "230000"),
        ("河北省石家庄市长安区", "130102"),
        ("河北石家庄", "130100"),
        ("北京市朝阳区", "110105"),
        ("辛集", "130181"),
        ("１３０６８２", "130682"),
        ("13", "130000"),
        ("1301", "130100"),
        ("130000000000", "130000"),
        ("全国", "000000"),
        ("信都区", "130503"),
    ],
)
def test_a_region_is_found_however_it_is_written(text: str, code: str) -> None:
    """Codes of several lengths, full, short, English, traditional and full-width names."""
    assert find_region(text, DAY).code == code


def test_a_name_means_the_place_within_which_it_is_asked() -> None:
    """朝阳区 is one thing in Beijing and another in Changchun."""
    assert region_by_name("朝阳区", DAY, "110000").code == "110105"
    assert region_by_name("朝阳", DAY, "220100").code == "220104"


def test_a_path_runs_from_the_nation_down_without_pseudo_levels() -> None:
    """Each step is a place that people know."""
    assert region_path("130102", DAY) == ("000000", "130000", "130100", "130102")
    assert region_path("仙桃", DAY) == ("000000", "420000", "429004")
    assert region_path("110101", DAY) == ("000000", "110000", "110101")
    assert region_path("110100", DAY) == ("000000", "110000")


def test_a_code_given_to_another_place_is_told_by_the_day() -> None:
    """500110 was Wansheng and is Qijiang, which had 500222 before."""
    before, after = region_by_code("500110", date(2010, 12, 31)), region_by_code("500110", DAY)
    assert (before.name_zh, after.name_zh) == ("万盛区", "綦江区")
    assert before.subject != after.subject == region_by_code("500222", date(2010, 12, 31)).subject


def test_a_day_between_two_lists_accepts_both_codes() -> None:
    """The lists do not say when from 2019-05 to 2023-12 Xingtai's 信都区 began, so neither name is refused."""
    assert region_by_name("桥西区", DAY, "130500").subject == region_by_name("信都区", DAY).subject


def test_every_listed_full_name_leads_back_to_its_place() -> None:
    """With the region above in front, each name of a day finds its own code."""
    for region in regions_on(date(2023, 12, 31)):
        if region.code != "000000" and region.kind == "division":
            assert region_by_name(region.name_zh, date(2023, 12, 31), region.parent).code == region.code


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: region_by_name("朝阳区", DAY),
            "REG-003 '朝阳区' names 2 regions: 110105 北京市朝阳区; 220104 吉林省长春市朝阳区. "
            "Write the code, or the region above in front of the name.",
        ),
        (
            lambda: region_by_name("河背省", DAY),
            "REG-001 no region is called '河背省'. Nearest: 130000 河北省, 410000 河南省.",
        ),
        (
            lambda: region_by_name("示范", DAY, "130000"),
            "REG-001 no region is called '示范' within 130000. Use a GB/T 2260 code or a name from its list.",
        ),
        (
            lambda: region_by_code("139999", DAY),
            "REG-001 no region has the code '139999'. Nearest: 130000 河北省, 130100 石家庄市, 130102 长安区.",
        ),
        (
            lambda: region_by_code("630200", date(2011, 12, 31)),
            "REG-002 '630200' is not valid on 2011-12-31: the lists have 630200 海东市 (2013-12-31 – 今). "
            "On that day the place was 632100 海东地区.",
        ),
        (
            lambda: region_by_name("襄樊市", DAY),
            "REG-002 '襄樊市' is not valid on 2020-12-31: the lists have 420600 襄樊市 "
            "(2000-12-31 – 2010-12-31). On that day the place was 420600 襄阳市.",
        ),
        (
            lambda: region_by_code("130000", date(1990, 1, 1)),
            "REG-002 '130000' is not valid on 1990-01-01: the lists have 130000 河北省 (2000-12-31 – 今). "
            "Check the day or the code.",
        ),
        (
            lambda: industry("2511", "2002"),
            "REG-001 GB/T 4754 has no edition '2002' here. Name one of: 2011, 2017.",
        ),
        (
            lambda: industry("3013", "2017"),
            "REG-001 industry '3013' is not in GB/T 4754-2017. Nearest: 3011 水泥制造, 3012 石灰和石膏制造.",
        ),
        (
            lambda: industry("B3011", "2017"),
            "REG-001 industry 3011 of GB/T 4754-2017 is in section C, not B. Leave the letter out, or correct it.",
        ),
        (
            lambda: check_uscc("9111000060003734"),
            "REG-001 '9111000060003734' is no USCC (统一社会信用代码): it has 16 characters, not 18. "
            "Copy all 18 characters.",
        ),
        (
            lambda: check_uscc("91110000600037341I"),
            "REG-001 '91110000600037341I' is no USCC (统一社会信用代码): character 18 is 'I'. "
            "The letters I, O, S, V and Z never occur: is it 1?",
        ),
        (
            lambda: check_uscc("91A10000600037341L"),
            "REG-001 '91A10000600037341L' is no USCC (统一社会信用代码): character 3 is 'A'. "
            "Places 3 to 8 are the digits of the region that registered it.",
        ),
        (
            lambda: check_uscc("911100006000373410", where="units.csv row 3"),
            "REG-001 units.csv row 3: '911100006000373410' is no USCC (统一社会信用代码): the check digit '0' does "
            "not fit the other characters. One or more characters are mistyped; compare with the licence.",
        ),
    ],
)
def test_what_cannot_be_found_says_why_and_what_to_do(call: Callable[[], object], message: str) -> None:
    """The whole message, with candidates or the days on which it would have been right."""
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == message


def test_an_industry_is_found_with_or_without_its_letter() -> None:
    """The edition is part of the key; the path leads from the section down."""
    cement = industry("C3011", "2017")
    assert (cement.name_zh, industry_path(cement)) == ("水泥制造", ("C", "30", "301", "3011"))
    assert industry("25", "2017").name_zh != industry("25", "2011").name_zh


def test_a_credit_code_may_be_full_width_small_and_spaced() -> None:
    """What is stored is one spelling."""
    assert check_uscc(" ９1110000 600037341l") == "91110000600037341L"


@given(
    st.text("0123456789", min_size=6, max_size=6), st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9)
)
def test_a_made_up_credit_code_with_its_check_digit_passes(region: str, body: str) -> None:
    """Check digits are those of GB 32100, and any other character at the end is refused."""
    stem = f"91{region}{body}"
    right = uscc.calc_check_digit(stem)
    assert check_uscc(stem + right) == stem + right
    with pytest.raises(UserError, match="check digit"):
        check_uscc(stem + ("0" if right != "0" else "1"))


def test_a_code_that_was_seen_before_says_the_same() -> None:
    """A code is held against its check digit once; a wrong one is refused each time, with the place it stands at."""
    assert [check_uscc(" 91110000600037341l") for _ in range(2)] == ["91110000600037341L"] * 2
    for place in ("units.csv row 3", "units.csv row 4", ""):
        with pytest.raises(UserError) as error:
            check_uscc("911100006000373410", where=place)
        assert (error.value.code, error.value.where) == ("REG-001", place)
