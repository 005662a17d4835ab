"""The practice corpus stays the same byte for byte: built-in figures and other tests rest on it."""

from __future__ import annotations

import hashlib

import pytest

from tiankong.sample.grammar import write_practice_corpus


@pytest.mark.parametrize(
    ("count", "seed", "digest"),
    [
        (1, 1, "8a75eb0a523655145d1eb07aa18d655b93c3a5ebfa258b5dc708770927a00da9"),
        (400, 1, "a8c90108b3121ae796db9752953fa3dd59285dce021e8f4a0b0837e94e56d883"),
        (2_000, 1, "74113c271d4e3c4c2ef2e5f68f566916fa48f70339434a8801a5cef79af8b507"),
        (2_000, 7, "282afa65e72218557034a5f47781d3271570f7529789e1d11a471f21872b2973"),
        (2_000, -3, "c41cb90661596ea54a1174413a1ce92c49bc8285d53c573d89d6019d784077cd"),
        (5_000, 123_456_789, "917a1d0f082950830945081e9f27218d919aa66163ff5fb22adeb87604116e7a"),
        (20_000, 1, "4fa541ebb9afc1f7a0d6863fec05ee129a2c90312503b1e31fbca608beee8e76"),
    ],
)
def test_corpus_is_unchanged_byte_for_byte(tmp_path, count, seed, digest):
    path = tmp_path / "corpus.txt"
    write_practice_corpus(path, count, seed)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, (
        "the practice corpus changed: where that is meant, write the new digest here and say so in the changelog"
    )
