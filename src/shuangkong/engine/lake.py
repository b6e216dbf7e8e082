"""The lake (数据湖): immutable Parquet files that a commit row in the registry database makes visible.

A table has one writer at a time, who holds its lease; the lease is checked in the transaction of the commit, so
a writer that slept through its lease cannot commit. Files are partitioned by the Asia/Shanghai business day on
which their rows were recorded (readings by the day that they are of); `as known at` filters on the commit. A file
without a commit row is nothing: it is never read and `sweep` removes it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.contracts import TableContract, upcast
from shuangkong.engine.database import METADATA, UtcInstant, one_at_a_time, reading, writing
from shuangkong.engine.holders import process_gone, process_name
from shuangkong.engine.lake_replaced import replaced_by, require_kept
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.periods import china_day

LEASE = timedelta(seconds=60)
LOG = logging.getLogger("shuangkong.lake")

lake_commit = sa.Table(
    "lake_commit",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("table_name", sa.String(60), nullable=False, index=True),
    sa.Column("file", sa.String(300), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
    sa.Column("token", sa.String(120), nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("table_name", "token"),
    sa.Index(None, "table_name", "file"),
)
lake_lease = sa.Table(
    "lake_lease",
    METADATA,
    sa.Column("table_name", sa.String(60), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("until", UtcInstant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Commit:
    """Rows that became visible together."""

    sequence: int
    table: str
    file: str
    rows: int
    sha256: str
    recorded_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to commit to one table; `fence` grows with every change of hands."""

    table: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class Part:
    """Rows for one file of a table; `day` is its partition: that of recording, or of reading where a table says so."""

    contract: TableContract
    rows: pa.Table
    day: date
    token: str


class Lake:
    """Tables under one folder; `clock` gives aware UTC instants."""

    def __init__(self, root: Path, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.root = root
        self.engine = engine
        self.clock = clock
        #: Leases of this process that are over and could not be given back.
        self._over: set[str] = set()

    @contextmanager
    def lease(self, table: str) -> Iterator[Lease]:
        """Be the table's one committer; raises WS-003 while another holds it."""
        with self.leases(table) as held:
            yield held[table]

    @contextmanager
    def leases(self, *tables: str) -> Iterator[dict[str, Lease]]:
        """Be the one committer of several tables, of all or of none; raises WS-003 while another holds one.

        They are taken in one transaction and given back in one: each costs a sync of the disk.
        """
        holder = process_name()
        fences = self._take(tables, holder)
        try:
            yield {t: Lease(t, holder, fences[t]) for t in tables}
        finally:
            self._give_back(tables, holder)

    def _give_back(self, tables: Collection[str], holder: str) -> None:
        """Free the leases. What went wrong before is what is told, also where the disk does not take this either."""
        try:
            with writing(self.engine) as db:
                db.execute(
                    lake_lease.update()
                    .where(lake_lease.c.table_name.in_(tables), lake_lease.c.holder == holder)
                    .values(until=self.clock() - LEASE)
                )
        except UserError as full:
            self._over.add(holder)
            LOG.warning("the lease on %s could not be given back: %s", ", ".join(tables), full)

    def _take(self, tables: Collection[str], holder: str) -> dict[str, int]:
        now, fences = self.clock(), dict[str, int]()
        with writing(self.engine) as db:
            # in one order, so that two who want the same tables do not wait for each other
            for table in sorted(tables):
                fences[table] = self._take_one(db, table, holder, now)
        return fences

    def _take_one(self, db: sa.Connection, table: str, holder: str, now: datetime) -> int:
        row = db.execute(sa.select(lake_lease).where(lake_lease.c.table_name == table).with_for_update()).first()
        if row is None:
            db.execute(lake_lease.insert().values(table_name=table, holder=holder, fence=1, until=now + LEASE))
            return 1
        if row.until > now and row.holder not in self._over and not process_gone(row.holder):
            raise UserError(
                "WS-003",
                f"another process is writing to {table} until {row.until.isoformat(timespec='seconds')}.",
                remedy="Wait for it to finish and start again; nothing was written.",
                case="writing",
            )
        db.execute(
            lake_lease.update()
            .where(lake_lease.c.table_name == table)
            .values(holder=holder, fence=row.fence + 1, until=now + LEASE)
        )
        return int(row.fence) + 1

    def commit(
        self,
        contract: TableContract,
        rows: pa.Table,
        lease: Lease,
        *,
        token: str,
        principal: str,
        note: str,
        recorded_at: datetime,
        also: Callable[[sa.Connection, Commit], None] | None = None,
    ) -> Commit:
        """Write rows durably and make them visible, once for each token.

        The commit is stamped in its transaction, never before `recorded_at`: a run that began earlier, and is
        asked again as known then, does not see it. `also` runs in the same transaction (the audit entry, the
        register of imports): all of it happens or none. A token that was committed before returns that commit and
        writes nothing.
        """
        earlier = self._by_token(contract.name, token)
        if earlier:
            return earlier
        part = Part(contract, rows, china_day(recorded_at), token)
        written = [self._written(part)]
        with writing(self.engine) as db:
            (done,) = self._visible(db, written, {contract.name: lease}, principal, note, recorded_at)
            if also:
                also(db, done)
        return done

    def commit_parts(
        self,
        parts: Sequence[Part],
        leases: Mapping[str, Lease],
        *,
        principal: str,
        note: str,
        recorded_at: datetime,
        also: Callable[[sa.Connection, Sequence[Commit]], None] | None = None,
    ) -> list[Commit]:
        """Several files, of one or more tables, that become visible together or not at all; `leases` by table.

        Parts whose token was committed before are left out. `also` runs in the same transaction.
        """
        fresh = [p for p in parts if self._by_token(p.contract.name, p.token) is None]
        written = [self._written(p) for p in fresh]
        with writing(self.engine) as db:
            done = self._visible(db, written, leases, principal, note, recorded_at)
            if also:
                also(db, done)
        return done

    def _written(self, part: Part) -> tuple[Part, str, int, str]:
        """The file of a part, durable and not yet visible."""
        table = part.contract.checked(part.rows)
        relative = f"{part.contract.name}/D{part.day:%Y%m%d}/{uuid.uuid4().hex}.parquet"
        return part, relative, table.num_rows, write_durably(table, self.root / relative, part.contract.group_rows)

    def _visible(
        self, db: sa.Connection, written: Sequence[tuple[Part, str, int, str]], leases: Mapping[str, Lease],
        principal: str, note: str, recorded_at: datetime,
    ) -> list[Commit]:  # fmt: skip
        """Commit rows for written files, in the caller's transaction, if the leases still stand."""
        one_at_a_time(db)
        stamped = max(recorded_at, self.clock())
        for name in sorted({p.contract.name for p, *_ in written}):
            lease = leases[name]
            held = db.execute(sa.select(lake_lease).where(lake_lease.c.table_name == name)).first()
            if held is None or held.holder != lease.holder or held.fence != lease.fence:
                raise UserError(
                    "WS-003",
                    f"the lease on {name} went to another process before the rows were written.",
                    remedy="Start again; nothing was written.",
                    case="lease",
                )
        done = []
        for part, relative, rows, digest in written:
            inserted = db.execute(
                lake_commit.insert().values(
                    table_name=part.contract.name,
                    file=relative,
                    rows=rows,
                    schema_version=part.contract.version,
                    sha256=digest,
                    recorded_at=stamped,
                    token=part.token,
                    principal=principal,
                    note=note,
                )
            )
            sequence = int((inserted.inserted_primary_key or (0,))[0])
            done.append(Commit(sequence, part.contract.name, relative, rows, digest, stamped, note))
        return done

    def committed(self, table: str, token: str) -> bool:
        """Whether rows were committed to a table under this token."""
        return self._by_token(table, token) is not None

    def _by_token(self, table: str, token: str) -> Commit | None:
        with reading(self.engine) as db:
            row = db.execute(
                sa.select(lake_commit).where(lake_commit.c.table_name == table, lake_commit.c.token == token)
            ).first()
        return _commit(row) if row else None

    def commits(
        self, table: str, known: datetime, *, days: Collection[date] | None = None, after: int = 0
    ) -> tuple[Commit, ...]:  # fmt: skip
        """What was visible of a table at an instant, oldest first: of some partitions alone, or after a commit.

        Commits that others stood for by then are left out. Raises WS-005 where what was known then is no longer kept.
        """
        c = lake_commit.c
        query = sa.select(lake_commit).where(c.table_name == table, c.recorded_at <= known, c.sequence > after)
        if days is not None:
            query = query.where(sa.or_(sa.false(), *(self._within(f"{table}/D{d:%Y%m%d}/") for d in sorted(days))))
        with reading(self.engine) as db:
            gone = replaced_by(db, table, known)
            rows = [r for r in db.execute(query.order_by(c.sequence)) if r.sequence not in gone]
            require_kept(db, table, known, {r.sequence for r in rows})
        return tuple(_commit(r) for r in rows)

    def _within(self, folder: str) -> sa.ColumnElement[bool]:
        # SQLite looks up an index for GLOB, which has no other sign of its own in such a name, and not for LIKE
        file = lake_commit.c.file
        if self.engine.dialect.name == "sqlite":
            return file.op("GLOB", is_comparison=True)(f"{folder}*")
        return file.startswith(folder, autoescape=True)

    def files(self, contract: TableContract, known: datetime, *, days: Collection[date] | None = None) -> list[Path]:
        """The files of a table as known at an instant, of some partitions alone where `days` are given."""
        return [self.root / c.file for c in self.commits(contract.name, known, days=days)]

    def read(
        self, contract: TableContract, known: datetime, *, days: Collection[date] | None = None
    ) -> pa.Table:  # fmt: skip
        """Rows of a table as known at an instant; unrestricted, for steps and tests."""
        tables = [upcast(pq.ParquetFile(f).read(), contract) for f in self.files(contract, known, days=days)]
        return pa.concat_tables(tables) if tables else contract.arrow_schema.empty_table()

    def sweep(self) -> list[str]:
        """Remove files that no commit names and that are older than a lease; says which."""
        with reading(self.engine) as db:
            named = set(db.execute(sa.select(lake_commit.c.file)).scalars())
        cutoff = self.clock().timestamp() - 10 * LEASE.total_seconds()
        gone = []
        for path in self.root.glob("*/D*/*.parquet*"):
            relative = path.relative_to(self.root).as_posix()
            if relative not in named and path.stat().st_mtime < cutoff:
                path.unlink()
                gone.append(relative)
        return sorted(gone)


def _commit(row: sa.Row[tuple[object, ...]]) -> Commit:
    return Commit(row.sequence, row.table_name, row.file, row.rows, row.sha256, row.recorded_at, row.note)


def write_durably(table: pa.Table, path: Path, group_rows: int = 65_536) -> str:
    """Write a Parquet file so that it survives a power cut once this returns; gives its SHA-256.

    `group_rows` are read together: who asks for one meter of a province reads little of the others.

    A full or read-only disk is a user error, and leaves no half-written file under the final name.
    """
    part = path.with_suffix(".parquet.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # decimals of up to 18 digits as whole numbers: a fifth of the time to read them
        pq.write_table(
            table, part, compression="zstd", row_group_size=group_rows, store_decimal_as_integer=True
        )  # fmt: skip
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        _fsync(part)
        part.replace(path)
        _fsync(path.parent)
    except OSError as wrong:
        part.unlink(missing_ok=True)
        raise UserError(
            "WS-004",
            f"{wrong.strerror or wrong}.",
            where=str(path.parent),
            remedy="Make room or mend the permissions, then start again; nothing was lost.",
            case="disk",
        ) from wrong
    return digest


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
