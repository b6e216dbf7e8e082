"""Look for bytes that break the reading of HJ 212 (模糊测试), guided by what they reach in the code.

    uv run --group fuzz python tools/fuzz_hj212.py [FOLDER] [-max_total_time=600] [-runs=1000000]

FOLDER (.fuzz/hj212) keeps what was found worth trying, and as crash-… what breaks something; further words are those
of libFuzzer. What must hold stands in tests/metering/hj212/fuzzing.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
with atheris.instrument_imports(include=["shuangkong.metering.hj212"]):
    from metering.hj212 import fuzzing


def main() -> None:
    """Begin from the corpus of the tests, and go on until told to stop."""
    words = sys.argv if any(not w.startswith("-") for w in sys.argv[1:]) else [*sys.argv, ".fuzz/hj212"]
    folder = Path(next(w for w in words[1:] if not w.startswith("-")))
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(fuzzing.corpus(200)):
        (folder / f"seed-{number:03d}").write_bytes(data)
    atheris.Setup([*words, f"-max_len={fuzzing.LONGEST}", f"-artifact_prefix={folder}/"], fuzzing.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
