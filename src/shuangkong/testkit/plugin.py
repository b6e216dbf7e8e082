"""The pytest collector: every entry of a `cases/*.yaml` file is one test, named as the case is.

Switch it on with `pytest_plugins = ["shuangkong.testkit.plugin"]` or `-p shuangkong.testkit.plugin`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shuangkong.kernel.errors import UserError
from shuangkong.policy.api import PackErrors
from shuangkong.testkit.compare import differences
from shuangkong.testkit.model import Case
from shuangkong.testkit.reading import cases_in


class CaseFile(pytest.File):
    """A file of worked cases."""

    def collect(self) -> Iterator[CaseItem]:
        """One test for each case; a file that cannot be read is one error that says where."""
        try:
            cases = cases_in(self.path, shown=f"{self.path.parent.name}/{self.path.name}")
        except (UserError, PackErrors) as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield CaseItem.from_parent(self, name=case.name, case=case)


class CaseItem(pytest.Item):
    """One worked case."""

    def __init__(self, *, case: Case, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]  # pytest passes name and parent through
        self.case = case

    def runtest(self) -> None:
        """Try the case; every difference is in the message."""
        found = differences(self.case)
        if found:
            raise CaseFailed("\n".join((f"{self.case.name} ({self.case.because})", *found)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The differences alone; anything else with its trace."""
        if isinstance(excinfo.value, CaseFailed | UserError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands."""
        line = int(self.case.place.rpartition(":")[2])
        return self.path, line - 1, f"case: {self.name}"


class CaseFailed(Exception):
    """What came out is not what the case expects."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Files named `cases/*.yaml` hold worked cases."""
    if file_path.suffix == ".yaml" and file_path.parent.name == "cases":
        return CaseFile.from_parent(parent, path=file_path)
    return None
