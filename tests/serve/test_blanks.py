"""``__`` as text and ``blank`` over HTTP: the same answers as from Python."""

from __future__ import annotations

import pytest

from tests.answers import same
from tests.serve.test_refusals import refused
from tiankong.model import load

TEXTS = ["(*^__^*) 物流很快", "质量太差了T__T", "__init__ 很好", "很好" + "__，" * 20]
LABELS = {"好评": ["好"], "差评": ["差"]}


@pytest.fixture(scope="module")
def model(model_folder):
    return load(model_folder, threads=1)


def test_texts_have_no_blanks(server, model):
    parameters = {"precision": 0.01}
    same(server.post("/check", {"inputs": TEXTS, "parameters": parameters}).json(), model.check(TEXTS, 0.01))
    same(server.post("/rank", {"inputs": TEXTS}).json(), model.rank(TEXTS))
    question = {"prompts": ["{text}，很__"], "labels": LABELS}
    same(
        server.post("/classify", {"inputs": TEXTS, "parameters": question}).json(),
        model.classify(TEXTS, ["{text}，很__"], LABELS),
    )


def test_a_classifier_reads_them_as_text(labelling):
    assert len(labelling.post("/classify", {"inputs": TEXTS}).json()) == len(TEXTS)


@pytest.mark.parametrize(
    ("sentence", "blank"),
    [
        (r"T\_\_T 物流__，很快", None),
        (r"\[MASK] 物流[MASK]，很快", None),
        ("T__T 物流（ ），很快", "（　　）"),
        ("T__T 物流<mask>，很快", "<mask>"),
        ("T__T 物流_____，很快", "____"),
    ],
)
def test_sentences_have_escapes_and_other_blanks(server, model, sentence, blank):
    parameters = {} if blank is None else {"blank": blank}

    def answer(path, **others):
        response = server.post(path, {"inputs": sentence, "parameters": {**parameters, **others}})
        assert response.status_code == 200, response.text
        return response.json()

    same(answer("/fill", top_k=3), model.fill(sentence, 3, blank=blank))
    together = answer("/fill", top_k=2, joint=True)
    same(together["joint"], model.joint(sentence, 2, blank=blank))
    same(answer("/rank", candidates=["很快", "T__T"]), model.rank(sentence, ["很快", "T__T"], blank=blank))
    same(answer("/segment"), model.segment(sentence, blank))
    same(answer("/embed"), model.embed(sentence, blank).tolist())
    response = server.post(
        "/explain", {"inputs": sentence, "parameters": {} if blank is None else {"blank_text": blank}}
    )
    same(response.json(), model.explain(sentence, blank_text=blank))


def test_prompts_write_their_blank(server, model):
    question = {"prompts": ["T__T {text}，很<mask>"], "labels": LABELS, "blank": "<mask>"}
    found = server.post("/classify", {"inputs": "物流很快", "parameters": question}).json()
    same(found, [model.classify("物流很快", ["T__T {text}，很<mask>"], LABELS, "<mask>")])


@pytest.mark.parametrize(
    ("path", "inputs", "parameters", "words"),
    [
        ("/fill", "物流<mask>", {}, "set `blank='<mask>'`"),
        ("/fill", "物流__，" * 13, {}, r"13 blanks: send at most 12; write \_\_ where __ is text"),
        ("/fill", "物流__", {"blank": ""}, "`blank` is empty"),
        ("/segment", "物流__", {"blank": "好"}, "ordinary text"),
        ("/embed", "物流__", {"blank": "_\x07"}, "can't be printed"),
        ("/explain", "物流__", {"blank_text": " "}, "`blank` is empty"),
        ("/rank", ["物流很快", "客服很好"], {"blank": "[MASK]"}, "`blank` is for a sentence with candidates"),
        ("/classify", "物流", {"prompts": ["{text}，<mask>"], "labels": LABELS}, "set `blank='<mask>'`"),
        ("/fill", "物流__", {"blank": 3}, "blank"),
    ],
)
def test_refusals_name_the_way_out(server, path, inputs, parameters, words):
    refused(server.post(path, {"inputs": inputs, "parameters": parameters}), 422, words)


def test_a_classifier_takes_no_blank(labelling):
    response = labelling.post("/classify", {"inputs": "物流很快", "parameters": {"blank": "[MASK]"}})
    refused(response, 422, "`blank` is for `prompts`")
