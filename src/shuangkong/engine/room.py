"""Room on the disk (磁盘空间): a write that the disk refuses is a user's error with the place, not a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuangkong.kernel.errors import UserError


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """WS-004 where a file cannot be written here, by Python or by DuckDB: the disk is full, read-only or gone."""
    try:
        yield
    except (OSError, _of_duckdb()) as wrong:
        told = (wrong.strerror if isinstance(wrong, OSError) else None) or str(wrong).splitlines()[0]
        raise UserError(
            "WS-004", f"{told}.", where=str(folder), case="disk",
            remedy="Make room or mend the permissions, then start again; nothing was lost.",
        ) from wrong  # fmt: skip


def _of_duckdb() -> type[Exception]:
    """Looked for only when something went wrong: importing DuckDB takes its time."""
    import duckdb

    return duckdb.IOException
