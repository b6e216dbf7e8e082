"""Jobs (任务): work that a page or a command asks for and a worker does. See docs/design/jobs.md."""

from shuangkong.engine.jobs.asking import cancel, enqueue, job_seen, jobs_seen, jobs_select, retry
from shuangkong.engine.jobs.context import Cancelled, GivenBack, JobContext
from shuangkong.engine.jobs.holding import (
    Held,
    LostLease,
    bury,
    claim,
    end_cancelled,
    fail,
    finish,
    give_back,
    heartbeat,
    progress,
    still_mine,
)
from shuangkong.engine.jobs.table import ENDED, Job, JobState, Kind, Outcome, error_of
from shuangkong.engine.jobs.working import LEASE, POLL, work

__all__ = [
    "ENDED",
    "LEASE",
    "POLL",
    "Cancelled",
    "GivenBack",
    "Held",
    "Job",
    "JobContext",
    "JobState",
    "Kind",
    "LostLease",
    "Outcome",
    "bury",
    "cancel",
    "claim",
    "end_cancelled",
    "enqueue",
    "error_of",
    "fail",
    "finish",
    "give_back",
    "heartbeat",
    "job_seen",
    "jobs_seen",
    "jobs_select",
    "progress",
    "retry",
    "still_mine",
    "work",
]
