"""Who else asked for a job that waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and say of judgements that wait after an import that this is what they are."""
    op.add_column("job", sa.Column("also_for", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            'UPDATE job SET arguments = \'{"as_of": null, "after": "import"}\''
            " WHERE kind = 'judge' AND state = 'queued' AND slot = 'judge\\:after-import'"
        )
    )


def downgrade() -> None:
    """Take the column away again; a job that waits is then of its first asker alone."""
    op.drop_column("job", "also_for")
