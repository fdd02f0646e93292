"""Learning again: the same input gives the same bytes, and what is held out stays out."""

import json
from pathlib import Path

import numpy as np

from moderation.features import NGRAM_BITS, buckets
from moderation.model import load_model
from moderation.train import OWN_LINES, key, main, own_lines


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def _learn(folder: Path, held_back: list[str]) -> bytes:
    folder.mkdir()
    own = folder / "own"
    own.mkdir()
    known = {"category": "profanity", "target": "staff", "severity": 2, "kind": "x"}
    harmless = {"category": "none", "target": "none", "severity": 0, "kind": "x"}
    _write(
        own / "lines.jsonl",
        [
            {"text": "개새끼야 환불해", "abusive": True, "split": "train", **known},
            {"text": "배송 언제 와요", "abusive": False, "split": "train", **harmless},
            {"text": "병신아 나와", "abusive": True, "split": "heldout", **known},
        ],
    )
    mit = _write(folder / "mit.jsonl", [{"text": "미친놈", "abusive": True}, {"text": "좋은 글", "abusive": False}])
    apache = _write(folder / "apache.jsonl", [{"text": "그는 서울에서 왔다", "abusive": False, "kind": "Clean"}])
    keys = folder / "keys"
    keys.write_text("\n".join(map(key, held_back)))
    options = ["--mit", str(mit), "--apache", str(apache), "--own", str(own), "--out", str(folder)]
    main([*options, "--held-back", str(keys)])
    return (folder / "weights.int8").read_bytes()


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    assert _learn(tmp_path / "a", []) == _learn(tmp_path / "b", [])


def test_a_line_held_back_is_not_learnt(tmp_path: Path) -> None:
    assert _learn(tmp_path / "a", []) != _learn(tmp_path / "b", ["미친 놈!"])


def test_held_out_lines_of_our_own_are_never_read() -> None:
    rows = [json.loads(row) for path in OWN_LINES.glob("*.jsonl") for row in path.read_text("utf-8").splitlines()]
    held_out = {row["text"] for row in rows if row["split"] == "heldout"}
    learnt = {line.text for line in own_lines(OWN_LINES)}
    assert held_out
    assert not held_out & learnt


def test_shipped_weights_fit_the_package() -> None:
    size = (Path(__file__).parent.parent.parent / "moderation" / "data" / "weights.int8").stat().st_size
    assert size <= 256 * 1024
    assert len(load_model().ngrams) == 1 << NGRAM_BITS


def test_buckets_follow_the_characters() -> None:
    same, other = buckets("상담사"), buckets("상담원")
    assert same.shape == (4, 5)
    assert same.max() < 1 << NGRAM_BITS
    # " 상담" and "상담" are in both; what holds the last letter is not.
    assert np.array_equal(same[0, :3], other[0, :3])
    assert same[0, 3] != other[0, 3]
