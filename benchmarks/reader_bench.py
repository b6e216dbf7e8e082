"""Reading documents: CPU seconds by stage, signs per second and memory, over real documents or a made-up one."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from shuangkong.policy.reading.candidates import candidates
from shuangkong.policy.reading.clean import clean
from shuangkong.policy.reading.documents import documents
from shuangkong.policy.reading.duties import duties
from shuangkong.policy.reading.targets import targets

POLICIES = Path(__file__).resolve().parents[2] / "shared" / "policies"
#: Invented (合成), for machines without the folder.
MADE = (
    "合成市示范方案\n一、主要目标\n"
    + "到2025年，合成能耗比2020年下降12.5%，合成利用率达到81%以上。（市甲局牵头，市乙局负责）\n" * 2000
)


def measure() -> dict[str, Any]:
    """What each stage takes over all texts."""
    files = sorted([*POLICIES.glob("source/*.txt"), *POLICIES.glob("more/*.txt")])
    texts = [f.read_text("utf-8") for f in files] or [MADE]
    stages = dict.fromkeys(("clean", "documents", "targets", "duties", "candidates"), 0.0)
    found = {"targets": 0, "duties": 0, "candidates": 0}
    for text in texts:
        at = time.process_time()
        cleaned = clean(text)
        stages["clean"], at = stages["clean"] + time.process_time() - at, time.process_time()
        parts = documents(cleaned)
        stages["documents"], at = stages["documents"] + time.process_time() - at, time.process_time()
        found["targets"] += sum(1 for d in parts for _ in targets(cleaned, d))
        stages["targets"], at = stages["targets"] + time.process_time() - at, time.process_time()
        found["duties"] += sum(1 for d in parts for _ in duties(cleaned, d))
        stages["duties"], at = stages["duties"] + time.process_time() - at, time.process_time()
        found["candidates"] += sum(1 for d in parts for _ in candidates(cleaned, d))
        stages["candidates"] += time.process_time() - at
    signs = sum(map(len, texts))
    return {
        "files": len(texts),
        "signs": signs,
        **found,
        "cpu_seconds": round(sum(stages.values()), 2),
        "cpu_seconds_by_stage": {k: round(v, 3) for k, v in stages.items()},
        "signs_per_second_by_stage": {k: round(signs / v) if v else None for k, v in stages.items()},
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
