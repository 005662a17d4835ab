"""``__`` as text and ``--blank``, on the command line."""

from __future__ import annotations

import io
import json

import pytest

from tiankong.cli.main import run
from tiankong.model import load


@pytest.fixture
def ask(model_folder, capsys):
    def answer(command, *arguments, code=0):
        assert run([command, "--model", str(model_folder), *arguments]) == code
        captured = capsys.readouterr()
        return captured.err if code else captured.out

    return answer


@pytest.fixture
def piped(monkeypatch):
    def pipe(text):
        stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", stream)

    return pipe


def test_check_and_classify_read_it_as_text(ask, model_folder, piped):
    text = "(*^__^*) 物流很快，T__T"
    assert json.loads(ask("check", "--precision", "0.01", "--json", text))["words"] == load(model_folder).check(
        text, 0.01
    )
    question = ["--prompt", "{text}，很__", "--label", "好评=好", "--label", "差评=差"]
    alone = ask("classify", *question, "--json", text)
    assert json.loads(alone)["text"] == text
    piped(f"{text}\n__init__\n")
    assert ask("classify", *question, "--json").splitlines()[0] == alone.strip()


def test_an_escape_is_text_in_the_answer(ask, piped):
    sentence = r"T\_\_T 物流__，很快"
    found = json.loads(ask("fill", "--json", "-k", "1", sentence))
    assert found["sentence"] == sentence
    (((answer,),)) = (found["blanks"],)
    assert answer[0]["sequence"] == f"T__T 物流{answer[0]['token_str']}，很快"
    piped(f"{sentence}\nT__T 物流（ ），很快\n")
    lines = ask("fill", "-k", "1").splitlines()
    assert lines[0] == sentence
    assert lines[1].startswith(answer[0]["token_str"])
    assert "blank 1:" not in lines


@pytest.mark.parametrize(
    ("blank", "sentence", "shown"),
    [
        ("（　　）", "T__T 物流（ ），很快", "T__T 物流{}，很快"),
        ("<mask>", "T__T 物流<mask>，很快", "T__T 物流{}，很快"),
        ("[MASK]", "^____^ 物流[MASK]，很快", "^____^ 物流{}，很快"),
        ("____", "物流______，__很快", "物流{}，__很快"),
    ],
)
def test_another_blank(ask, blank, sentence, shown):
    found = json.loads(ask("fill", "--json", "-k", "2", "--blank", blank, sentence))
    (answers,) = found["blanks"]
    assert [answer["sequence"] for answer in answers] == [shown.format(answer["token_str"]) for answer in answers]
    ranked = json.loads(ask("rank", "--json", "--blank", blank, sentence, "很快", "T__T"))["ranked"]
    assert {entry["sequence"] for entry in ranked} == {shown.format("很快"), shown.format("T__T")}
    assert len(json.loads(ask("embed", "--blank", blank, sentence))["vectors"]) == 1
    question = ["--blank", blank, "--prompt", f"{{text}}，T__T 很{blank}", "--label", "好评=好", "--label", "差评=差"]
    assert len(ask("classify", *question, "物流很快").splitlines()) == 2


def test_prompts_of_an_evaluation(model_folder, tmp_path, capsys):
    (tmp_path / "labelled.txt").write_text("物流很快__,,1\n客服很差T__T,,0\n", encoding="utf-8")
    options = ["evaluate", "--model", str(model_folder), "--labelled", str(tmp_path / "labelled.txt"), "--split", "all"]
    labels = ["--label", "1=好", "--label", "0=差", "--json", "--quiet"]
    printed = []
    for blank, prompt in (([], "{text}，很__"), (["--blank", "<mask>"], "{text}，很<mask>")):
        assert run([*options, *labels, *blank, "--prompt", prompt]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0]["texts"] == 2
    assert printed[0]["confusion"] == printed[1]["confusion"]
    assert run([*options[:-4], "--text", str(tmp_path / "labelled.txt"), "--blank", "<mask>"]) == 2
    assert "--blank is for --prompt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fill", "物流<mask>，很快"], "write __ instead of <mask>, or set --blank '<mask>'"),
        (["fill", "物流（　　），很快"], "set --blank '（　　）'"),
        (["fill", "--blank", "__", "物流[MASK]，很快"], "set --blank '[MASK]'"),
        (["fill", "--blank", "[MASK]", "物流__，很快"], "set --blank __"),
        (["embed", "物流[mask]，很快"], "set --blank '[mask]'"),
        (
            ["rank", "--blank", "（ ）", "物流<mask>", "好", "差"],
            "write （ ） instead of <mask>, or set --blank '<mask>'",
        ),
        (["rank", "T__T 物流__", "好", "差"], r"write \_\_ where __ is text, or name another blank with --blank"),
        (
            ["fill", "--joint", "物流，" + "__，" * 13],
            r"write \_\_ where __ is text, or name another blank with --blank",
        ),
        (["fill", "--blank", "", "物流__"], "--blank is empty"),
        (["fill", "--blank", " ", "物流__"], "--blank is empty"),
        (["fill", "--blank", "好", "物流__"], "--blank '好' is part of ordinary text"),
        (["fill", "--blank", "\\_", "物流__"], "has a backslash"),
        (
            ["rank", "--blank", "[MASK]", "--sentences", "物流很快", "客服很好"],
            "--blank is for a sentence with candidates",
        ),
        (["classify", "--blank", "[MASK]", "物流很快"], "--blank is for --prompt"),
    ],
)
def test_refusals_name_the_way_out(ask, arguments, words):
    error = ask(*arguments, code=2)
    assert words in error
    assert error.count("\n") == 1


def test_a_refused_line_names_it_too(ask, piped):
    piped("物流__，很快\n物流<mask>，很快\n")
    assert "line 2: the sentence has no blank: write __ instead of <mask>, or set --blank '<mask>'" in ask(
        "fill", code=2
    )


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["物流很快T__T", "客服很好T__T"], ["物流很快T__T", "客服很好T__T"]),
        (
            ["(*^__^*) 物流很快", "^____^ 客服很好", "[MASK] 很好"],
            ["(*^__^*) 物流很快", "^____^ 客服很好", "[MASK] 很好"],
        ),
        (["物流很快", "客服很好T__T"], ["物流很快", "客服很好T__T"]),
        (["--sentences", "物流很快T__T", "客服很好"], ["物流很快T__T", "客服很好"]),
        (["--sentences", "物流很快T\\_\\_T", "客服很好"], ["物流很快T\\_\\_T", "客服很好"]),
        ([r"物流很快T\_\_T", "客服很好"], ["物流很快T__T", "客服很好"]),
        ([r"物流很快T\_\_T", r"客服很好T\_\_T"], ["物流很快T__T", "客服很好T__T"]),
    ],
)
def test_sentences_to_rank_have_no_blank(ask, arguments, sentences, model_folder):
    found = json.loads(ask("rank", "--json", *arguments))
    assert found["sentence"] is None
    assert found["ranked"] == load(model_folder).rank(sentences)


def test_piped_sentences_have_no_blank(ask, piped, model_folder):
    piped("物流很快T__T\n客服很好T\\_\\_T\n")
    assert json.loads(ask("rank", "--json"))["ranked"] == load(model_folder).rank(["物流很快T__T", "客服很好T\\_\\_T"])


def test_a_single_candidate_may_be_a_sentence(model_folder, capsys):
    assert run(["rank", "--model", str(model_folder), "物流很快T__T", "客服很好"]) == 0
    assert "--sentences compares whole sentences" in capsys.readouterr().err


def test_words_of_a_corpus_keep_it(tmp_path):
    """Nothing in a corpus is a blank."""
    from tiankong.corpus.prepared import PreparedCorpus  # noqa: PLC0415 - only here

    lines = [f"第{number}个包裹很好(*^__^*)，名叫snake__case，[MASK]也行\\_\\_" for number in range(40)]
    (tmp_path / "texts.txt").write_text("\n".join(lines), encoding="utf-8")
    folder = tmp_path / "prepared"
    assert run(["prepare", str(tmp_path / "texts.txt"), "-o", str(folder), "--minimum-count", "1", "--quiet"]) == 0
    words = PreparedCorpus(folder).vocabulary.words
    assert {"__", "snake", "case", "mask"} <= set(words)


@pytest.mark.parametrize(
    ("sentence", "blank", "face"),
    [
        ("T__T 物流__", None, r"T__T: write \_\_ if"),
        ("(*^____^*) 物流__", None, r"^____^: write \_\_ if"),
        (">__< 物流很快", None, ">__<"),
        ("T___T 物流__", "__", r"T___T: write \__ if"),
        ("物流__，很快", None, None),
        ("__物流很快__", None, None),
        (r"T\_\_T 物流__", None, None),
        ("T__T 物流[MASK]", "[MASK]", None),
        ("un__able 物流", None, None),
    ],
)
def test_a_blank_in_an_emoticon_is_pointed_out(model_folder, capsys, piped, sentence, blank, face):
    options = ["fill", "--model", str(model_folder), "-k", "1", *([] if blank is None else ["--blank", blank])]
    assert run([*options, sentence]) == 0
    error = capsys.readouterr().err
    assert (error == "") if face is None else (face in error)
    piped(f"{sentence}\n" * 3)
    assert run(options) == 0
    assert capsys.readouterr().err == error


def test_a_blank_is_named_once(ask):
    assert "--blank is given 2 times" in ask("fill", "--blank", "__", "--blank", "[MASK]", "物流__", code=2)
