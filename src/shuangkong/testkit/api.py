"""The door of the testkit: worked cases read, tried and counted."""

from shuangkong.testkit.compare import compared, differences, named_by
from shuangkong.testkit.model import Case, Table, case_from, table
from shuangkong.testkit.oracle import Verdict, plainly
from shuangkong.testkit.reading import cases_in, folder_cases, pack_cases
from shuangkong.testkit.runners import QUERIES, runners

__all__ = [
    "QUERIES",
    "Case",
    "Table",
    "Verdict",
    "case_from",
    "cases_in",
    "compared",
    "differences",
    "folder_cases",
    "named_by",
    "pack_cases",
    "plainly",
    "runners",
    "table",
]
