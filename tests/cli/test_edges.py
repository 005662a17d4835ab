"""Rarer bad input: refused in one sentence, with nothing left behind that stands in the way of the next try."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tiankong
from tests.conftest import TINY
from tiankong.cli.main import run
from tiankong.config import ClassifierConfig, ModelConfig, TrainingConfig
from tiankong.config.schema import sections
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import OptionError, SentenceError
from tiankong.sample.grammar import write_practice_corpus

PROGRAM = str(Path(sys.executable).with_name("tiankong"))
LONG = "长" * 200  # 600 bytes: no file system takes it


@pytest.fixture
def refused(capfd, tmp_path, monkeypatch):
    """Runs a command in ``tmp_path`` that must be refused and change nothing there; returns the sentence."""
    monkeypatch.chdir(tmp_path)

    def check(*arguments: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert (code, out) == (2, ""), err
        assert err.startswith("tiankong: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return check


def pipe(model, content, *arguments):
    program = [PROGRAM, "fill", "--model", str(model), "-k", "1", *arguments]
    done = subprocess.run(program, input=content, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_pipe_counts_lines_as_an_editor_does(model_folder):
    lines = ["", "", "没有空格", *["物流__"] * 70, " ", "也没有空格", "外套__"]
    code, out, err = pipe(model_folder, "\n".join(lines).encode())
    assert code == 2
    assert [line.split(":")[1] for line in err.splitlines()] == [" line 3", " line 75"]
    assert [line for line in out.splitlines() if "__" in line] == ["物流__"] * 70 + ["外套__"]


@pytest.mark.parametrize(
    ("bad", "character"), [(b"\xed\xa0\x80__", 1), ("物流__".encode() + b"\xff", 5), ("客服__".encode("gb18030"), 1)]
)
def test_a_pipe_goes_on_after_bytes_that_are_not_utf8(model_folder, bad, character):
    code, out, err = pipe(model_folder, bad + "\n外套__\r\n".encode(), "--json")
    assert code == 2
    assert err.startswith(f"tiankong: line 1: character {character} of the sentence is no valid Unicode")
    assert err.count("\n") == 1
    first, second = map(json.loads, out.splitlines())
    assert set(first) == {"sentence", "error"}
    assert second["sentence"] == "外套__"


def test_a_program_that_waits_for_each_answer_gets_it(model_folder):
    program = [PROGRAM, "fill", "--model", str(model_folder), "--json"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for sentence in ("物流__，第二天就到了", "外套__", "给__买的"):
            process.stdin.write(sentence[:2])
            process.stdin.flush()
            process.stdin.write(f"{sentence[2:]}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["sentence"] == sentence
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(30) == 0


def test_a_byte_order_mark_is_no_part_of_the_sentence(model_folder):
    code, out, _ = pipe(model_folder, b"\xef\xbb\xbf" + "物流__".encode(), "--json")
    assert code == 0
    assert json.loads(out)["sentence"] == "物流__"


def test_a_reader_that_goes_away_is_no_error(model_folder):
    program = [PROGRAM, "fill", "--model", str(model_folder)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        _, err = process.communicate("物流__\n".encode() * 500, timeout=60)
    assert process.returncode == 0
    assert err == b""


def test_most_likely_words_add_up_to_one(model_folder, codes_model_folder):
    for folder in (model_folder, codes_model_folder):
        _, out, _ = pipe(folder, "物流__，客服态度__\n".encode(), "--json", "-k", "10000")
        for words in json.loads(out)["blanks"]:
            assert sum(word["score"] for word in words) == pytest.approx(1, abs=1e-4)
            assert len({word["token"] for word in words}) == len(words)


def test_the_model_may_stand_in_the_environment(model_folder):
    environment = {**os.environ, "TIANKONG_MODEL": str(model_folder)}
    program = [PROGRAM, "fill", "-k", "2", "物流__"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert len(done.stdout.splitlines()) == 2, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["prepare", "{corpus}", "-o", LONG],
        ["prepare", LONG, "-o", "out"],
        ["train", "{prepared}", "-o", LONG],
        ["train", LONG, "-o", "out"],
        ["fill", "--model", LONG, "物流__"],
        ["evaluate", "--model", "{model}", "--text", LONG],
        ["info", LONG],
        ["sample", f"{LONG}.txt"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_names_too_long_for_the_file_system(refused, corpus_file, prepared, model_folder, arguments):
    filled = [text.format(corpus=corpus_file, prepared=prepared, model=model_folder) for text in arguments]
    sentence = refused(*filled)
    assert LONG in sentence
    assert "too long" in sentence


@pytest.mark.parametrize("output", [".", "..", "/"])
def test_outputs_that_are_no_name(refused, corpus_file, prepared, output):
    assert "choose another output folder" in refused("prepare", corpus_file, "-o", output, "--force")
    assert "choose another output folder" in refused("train", prepared, "-o", output, "--force", *TINY)


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("prepare", "--seed", "-1"),
        ("prepare", "--seed", str(2**32)),
        ("prepare", "--split", "nan/20/20"),
        ("prepare", "--split", "inf/20/20"),
        ("prepare", "--split", "60/0/40"),
        ("prepare", "--code-bits", "49"),
        ("train", "--seed", "-1"),
        ("train", "--threads", "100000"),
        ("train", "--learning-rate", "nan"),
        ("train", "--input-dropout", "1"),
        ("train", "--window", "5000"),
        ("train", "--decoding", "distance"),
    ],
)
def test_numbers_out_of_range(refused, corpus_file, prepared, command, option, value):
    source = corpus_file if command == "prepare" else prepared
    arguments = [command, source, "-o", "out", *(TINY if command == "train" else []), option, value]
    assert option.strip("-").replace("-", "_") in refused(*arguments)


def test_a_codes_head_without_codes_leaves_no_unfinished_training(refused, corpus_file, tmp_path):
    assert run(["prepare", str(corpus_file), "-o", str(tmp_path / "plain"), "--code-bits", "0", "--quiet"]) == 0
    assert "--code-bits 100" in refused("train", "plain", "-o", "model", *TINY, "--head", "codes")


def test_nothing_to_resume(refused, prepared):
    assert "leave --resume out" in refused("train", prepared, "-o", "model", *TINY, "--resume")


def test_a_vocabulary_cut_down_to_marks(refused, tmp_path):
    (tmp_path / "marks.txt").write_text("".join(f"好，，，第{n}天！！\n" for n in range(60)), encoding="utf-8")
    options = ["--maximum-vocabulary", 1, "--code-bits", 0]
    assert "raise --maximum-vocabulary" in refused("prepare", "marks.txt", "-o", "out", *options)


def test_sources_named_wrongly(refused, corpus_file, tmp_path):
    (tmp_path / "folder").mkdir()
    for arguments, words in [
        ((corpus_file, corpus_file), "given twice"),
        (("folder",), "is a folder that holds no file"),
        ((corpus_file, "--encoding", "klingon"), "klingon"),
        ((corpus_file, "--segmenter", "jieba", "--user-dict", "words.txt"), "words.txt"),
        ((corpus_file, "--segmenter", "whitespace", "--user-dict", "words.txt"), "not whitespace"),
    ]:
        assert words in refused("prepare", *arguments, "-o", "out")


@pytest.mark.parametrize("segmenter", ["rjieba", "jieba"])
def test_frequencies_of_a_user_dictionary(refused, corpus_file, tmp_path, segmenter):
    words = tmp_path / "words.txt"
    words.write_text("神速达 99999999999999999999\n", encoding="utf-8")
    options = ["prepare", corpus_file, "-o", "out", "--segmenter", segmenter, "--user-dict", words]
    assert "frequency of 神速达" in refused(*options)
    words.write_text("神速达 ²\n真好看 999999999 n\n", encoding="utf-8")
    assert run([str(argument) for argument in [*options[:3], tmp_path / "out", *options[4:], "--quiet"]]) == 0


@pytest.mark.trains
def test_batches_without_a_word_to_predict(tmp_path, capfd):
    file = tmp_path / "reviews.txt"
    write_practice_corpus(file, 60)
    with file.open("a", encoding="utf-8") as more:
        more.writelines(f"{'！' * count},,0\n" for count in range(1, 60))
    prepared, codes = tmp_path / "prepared", ["--code-bits", "50"]
    assert run(["prepare", str(file), "-o", str(prepared), "--minimum-count", "1", *codes, "--quiet"]) == 0
    for head in ("softmax", "codes"):
        options = [*TINY, "--head", head, "--batch-sentences", "1", "--epochs", "1", "--negatives", "0"]
        assert run(["train", str(prepared), "-o", str(tmp_path / head), *options]) == 0
        capfd.readouterr()
        history = (tmp_path / head / "history.csv").read_text()
        assert "nan" not in history


def test_a_model_is_no_corpus_and_a_corpus_no_model(refused, prepared, model_folder):
    assert "is not a prepared corpus" in refused("evaluate", "--model", model_folder, "--prepared", model_folder)
    assert "is not a model" in refused("evaluate", "--model", prepared, "--prepared", prepared)


def test_evaluating_with_another_corpus(refused, corpus_file, model_folder, tmp_path):
    options = ["--minimum-count", "9", "--code-bits", "0", "--quiet"]
    assert run(["prepare", str(corpus_file), "-o", str(tmp_path / "other"), *options]) == 0
    assert "another vocabulary" in refused("evaluate", "--model", model_folder, "--prepared", "other")


def test_text_without_a_word_to_predict(refused, model_folder, tmp_path):
    (tmp_path / "marks.txt").write_text("，，，\n！！\n", encoding="utf-8")
    assert "no word to predict" in refused("evaluate", "--model", model_folder, "--text", "marks.txt")


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_scores_edited_by_hand(refused, model_folder, tmp_path, content):
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / "metrics.json").write_bytes(content)
    assert "metrics.json" in refused("info", "model")
    assert run(["fill", "--model", "model", "物流__"]) == 0


def test_the_help_says_what_the_default_preset_has(capfd):
    shown = ""
    for command in ("prepare", "train"):
        assert run([command, "--help"]) == 0
        shown += " ".join(capfd.readouterr().out.split())
    for words in (
        "units of a recurrent layer in each direction (default preset: 384)",
        "[softmax|codes|hybrid] (default preset: softmax)",
        "input vectors of the two words beside the blank (default preset: yes)",
        "such as 60/20/20 (default preset: 60/20/20)",
        "drop these tokens (default preset: none)",
        "peak learning rate (default preset: 0.004)",
    ):
        assert words in shown


def test_the_help_groups_settings_by_section(capfd):
    assert run(["train", "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    groups = [name for name, _ in sections(ModelConfig, TrainingConfig, ClassifierConfig)]
    assert [line[:-1] for line in lines if line and not line.startswith((" ", "Usage:"))] == ["Options", *groups]
    shown = [line.split()[0] for line in lines if line.startswith("  --")]
    settings = [
        f"--{entry.name.replace('_', '-')}"
        for _, entries in sections(ModelConfig, TrainingConfig, ClassifierConfig)
        for entry in entries
    ]
    assert shown[-len(settings) :] == settings


def test_no_command_shows_the_help(capfd):
    assert run([]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert any(line.split()[:1] == ["prepare"] for line in err.splitlines())


def test_what_a_killed_run_left_is_removed_and_a_living_one_kept(corpus_file, tmp_path):
    output = tmp_path / "out"
    write = (
        "import sys, time; from pathlib import Path; from tiankong.corpus.prepared import PREPARED\n"
        f"with PREPARED.write(Path({str(output)!r}), force=False) as folder:\n"
        "    (folder / 'half').write_bytes(b'1234'); print(folder.name, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", write]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as living,
    ):
        names = [process.stdout.readline().strip() for process in (killed, living)]
        killed.kill()
        killed.wait()
        assert {path.name for path in tmp_path.iterdir()} == set(names)
        assert run(["prepare", str(corpus_file), "-o", str(output), "--code-bits", "0", "--quiet"]) == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == [names[1], "out"]
        living.kill()


def test_what_was_about_to_be_replaced_when_a_run_was_killed_is_put_back(prepared, tmp_path, capfd):
    shutil.copytree(prepared, tmp_path / ".out.replaced-0a1b2c3d")
    (tmp_path / "few.txt").write_text("物流很快\n", encoding="utf-8")
    assert run(["prepare", str(tmp_path / "few.txt"), "-o", str(tmp_path / "out"), "--quiet"]) == 2
    assert "too few" in capfd.readouterr().err
    assert PreparedCorpus(tmp_path / "out").manifest == PreparedCorpus(prepared).manifest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.txt", "out"]


def test_what_a_link_leads_to_is_replaced(corpus_file, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to("real")
    before = (tmp_path / "real" / "prepared.json").read_bytes()
    assert run(["prepare", str(corpus_file), "-o", str(link), "--force", "--code-bits", "0", "--quiet"]) == 0
    assert link.is_symlink()
    assert (tmp_path / "real" / "prepared.json").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_force_replaces_a_corpus_only_with_a_whole_one(corpus_file, prepared, tmp_path, capfd):
    folder = tmp_path / "out"
    shutil.copytree(prepared, folder)
    before = (folder / "prepared.json").read_bytes()
    (tmp_path / "few.txt").write_text("物流很快\n", encoding="utf-8")
    assert run(["prepare", str(tmp_path / "few.txt"), "-o", str(folder), "--force"]) == 2
    assert "too few" in capfd.readouterr().err
    assert (folder / "prepared.json").read_bytes() == before
    assert run(["prepare", str(corpus_file), "-o", str(folder), "--force", "--code-bits", "0", "--quiet"]) == 0
    assert (folder / "prepared.json").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.txt", "out"]


def test_standard_output_on_a_full_disk(model_folder):
    if not Path("/dev/full").is_char_device():
        pytest.skip("there is no device that is always full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "fill", "--model", model_folder, "物流__"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "disk that the output goes to is full" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_sentence_and_no_standard_input(model_folder):
    command = f'exec "{PROGRAM}" fill --model "{model_folder}" <&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr


def test_the_practice_corpus_replaces_nothing_but_files(refused, tmp_path):
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert "no ordinary file" in refused("sample", pipe, "--force")
    assert pipe.is_fifo()
    assert "must end in .txt" in refused("sample", tmp_path / "reviews.csv")


def test_a_file_is_no_model(refused, corpus_file):
    assert "is a file and not a model" in refused("info", corpus_file)


@pytest.mark.parametrize("top_k", ["5", None, 1.5, 0])
def test_top_k_of_another_type(model_folder, top_k):
    with pytest.raises(OptionError, match="top_k must be a whole number"):
        tiankong.load(model_folder).fill("物流__", top_k=top_k)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (None, "a sentence or a list of sentences, not NoneType"),
        (b"__", "not bytes"),
        ([["__"]], "sentence 1: a sentence must be a string, not list"),
        (["物流__", "物流"], "sentence 2: the sentence has no blank"),
    ],
)
def test_sentences_of_another_type(model_folder, sentence, words):
    with pytest.raises(SentenceError, match=words):
        tiankong.load(model_folder).fill(sentence)


@pytest.mark.trains
def test_a_training_whose_reader_leaves_goes_on(prepared, tmp_path):
    command = [PROGRAM, "train", str(prepared), "-o", str(tmp_path / "model"), *TINY]
    command.remove("--quiet")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        process.stderr.close()
        assert process.wait(120) == 0
    assert (tmp_path / "model" / "config.json").exists()


def test_a_refusal_that_nobody_reads_has_its_code():
    with subprocess.Popen([PROGRAM, "fill", "没有空"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stderr.close()
        assert process.wait(60) == 2


def test_a_preset_without_a_bottom(refused, tmp_path):
    (tmp_path / "deep.toml").write_text("a=" + "[" * 20_000)
    assert "too deep" in refused("train", "nowhere", "-o", "model", "--preset", "deep.toml")


def test_phrases_alone_are_not_filled_together_and_nothing_is_said_of_it(model_folder, capfd):
    arguments = ["fill", "--model", str(model_folder), "--target", "很 快", "--target", "很 好", "物流__，质量__"]
    assert run(arguments) == 0
    assert "together" not in capfd.readouterr().out
    assert run([*arguments, "--joint"]) == 0
    assert "(no words fit the constraints)" in capfd.readouterr().out
