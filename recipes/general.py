"""Rebuilds a general built-in model from the folder of the corpora that ``tiankong corpus`` lists.

    python recipes/general.py zh CORPORA build/zh src/tiankong/models/zh

``recipes/LANGUAGE-corpora.toml`` says what is read and how often, ``recipes/LANGUAGE.toml`` how the network is trained,
``recipes/LANGUAGE-notes.md`` what the model card says beside its figures. What is in the build folder is kept, so that
the same command continues after a stop.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import rjieba

import tiankong
from tiankong.cli.display import progress_bars
from tiankong.pipeline.progress import OnProgress

_RECIPES = Path(__file__).parent
_SPLIT = (98, 1, 1)
_VOCABULARY_SPLIT = (60, 20, 20)
"""With the usual seed its training split holds no validation or test text of any group."""

_IDIOM_LENGTH = 4
_IDIOMS, _SET_PHRASES = "i", "l"
_FEWEST = {_IDIOMS: 2, _SET_PHRASES: 4}
"""Occurrences from which on an idiom, or a set phrase, enters the vocabulary."""


def idioms(corpus: Path) -> list[str]:
    """The idioms and set phrases of four characters among the words that are left out of the vocabulary."""
    kept = []
    for line in (corpus / "other_words.tsv").read_text(encoding="utf-8").splitlines():
        word, count = line.split("\t")
        tags = [tag for _, tag in rjieba.tag(word)] if len(word) == _IDIOM_LENGTH else []
        if len(tags) == 1 and int(count) >= _FEWEST.get(tags[0], sys.maxsize):
            kept.append(word)
    return kept


def prepared(recipe: dict[str, Any], corpora: Path, build: Path, progress: OnProgress | None) -> list[Path]:
    """The prepared groups, of one vocabulary that the texts of all have decided."""
    groups = recipe["group"]
    column = next((group["column"] for group in groups if "column" in group), None)

    def make(name: str, files: list[str], **settings: Any) -> Path:
        if not (build / name).exists():
            sources = [corpora / file for file in files]
            tiankong.prepare(sources, build / name, force=True, progress=progress, **recipe["prepare"], **settings)
        return build / name

    every = [file for group in groups for file in group["files"]]
    usual = {"column": column, "split": _VOCABULARY_SPLIT, "maximum_vocabulary": recipe["maximum_vocabulary"]}
    words = make("words", every, **usual)
    if recipe["keep_idioms"]:
        kept = build / "idioms.txt"
        kept.write_text("\n".join(idioms(words)) + "\n", encoding="utf-8")
        words = make("words-and-idioms", every, **usual, keep_words=str(kept))
    return [
        make(
            group["name"],
            group["files"],
            column=group.get("column"),
            split=tuple(group.get("split", _SPLIT)),
            vocabulary_of=words,
        )
        for group in groups
    ]


def main() -> None:
    """Prepares, trains and exports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "language", choices=sorted(file.stem.partition("-")[0] for file in _RECIPES.glob("*-corpora.toml"))
    )
    parser.add_argument("corpora", type=Path, help="the folder of the corpora")
    parser.add_argument("build", type=Path, help="the folder for what is made meanwhile")
    parser.add_argument("output", type=Path, help="the model folder to make")
    arguments = parser.parse_args()
    recipe = tomllib.loads((_RECIPES / f"{arguments.language}-corpora.toml").read_text(encoding="utf-8"))
    command = f"python recipes/general.py {shlex.join(sys.argv[1:])}"
    arguments.build.mkdir(parents=True, exist_ok=True)
    trained = arguments.build / "model"
    with progress_bars(quiet=False) as progress:
        parts = prepared(recipe, arguments.corpora, arguments.build, progress)
        if not trained.exists():
            tiankong.train(
                parts,
                trained,
                weights=[group["share"] for group in recipe["group"]],
                preset=_RECIPES / f"{arguments.language}.toml",
                resume=True,
                progress=progress,
                command=command,
            )
        tiankong.export(
            trained,
            arguments.output,
            prepared=parts,
            notes=_RECIPES / f"{arguments.language}-notes.md",
            force=True,
            progress=progress,
            command=command,
        )


if __name__ == "__main__":
    main()
