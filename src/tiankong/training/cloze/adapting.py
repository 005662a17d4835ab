"""A network that goes on from another: its weights, and first vectors for the words that are new to it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tiankong.artifact.base_model import BaseModel
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError
from tiankong.network.cloze import ClozeNetwork
from tiankong.text.characters import UNKNOWN_CHARACTER, CharacterTable
from tiankong.text.vocabulary import SPECIAL_TOKENS, Vocabulary

_WORDS, _CHARACTERS, _BIAS = "embedding.words.weight", "embedding.characters.weight", "head.bias"

_RIDGE = 10.0
"""How strongly vectors composed for new words are drawn to the mean of all: as much as so many words weigh."""

_NEW = -1


def take_over(network: ClozeNetwork, base: BaseModel, corpus: PreparedCorpus) -> None:
    """Gives ``network``, made for the words of ``corpus``, the weights of ``base``, whose words are among them.

    A word that the base lacks gets the vector that words spelled alike have in it, by ridge regression of the words'
    own vectors on the character vectors that they are composed of (as Pinter et al. 2017, D17-1010, do by a network),
    and the bias of a word as frequent. A character that it lacks is read as unknown ones were.

    :raises FolderError: the weights are not those of such a network.
    """
    places = _places(corpus.vocabulary, base.folder.vocabulary)
    state = network.state_dict()
    taken = {name: torch.from_numpy(value) for name, value in base.weights.items()}
    words, characters = len(base.folder.vocabulary), len(base.folder.characters)
    sizes = {_WORDS: words, _BIAS: words, _CHARACTERS: characters}
    expected = {name: (sizes.get(name, value.shape[0]), *value.shape[1:]) for name, value in state.items()}
    if {name: tuple(value.shape) for name, value in taken.items()} != expected:
        raise FolderError(f"the weights of {base.folder.path} are damaged: train it again")
    is_new = places == _NEW
    known = places.where(~is_new, 0)
    if _CHARACTERS in taken:
        taken[_CHARACTERS] = taken[_CHARACTERS][_character_places(corpus.characters, base.folder.characters)]
    taken[_WORDS], taken[_BIAS] = taken[_WORDS][known], taken[_BIAS][known]
    network.load_state_dict(taken)
    if bool(is_new.any()):
        with torch.no_grad():
            network.embedding.words.weight[is_new] = _composed(network, corpus, is_new)
            network.head.bias[is_new] = _biases(base, corpus, is_new)


def _places(vocabulary: Vocabulary, base: Vocabulary) -> Tensor:
    """Of each word (V,) the id that it has in the base, or -1."""
    special = len(SPECIAL_TOKENS)
    ids = [base.id_of(word) if word in base else _NEW for word in vocabulary.words[special:]]
    return torch.tensor([*range(special), *ids])


def _character_places(characters: CharacterTable, base: CharacterTable) -> Tensor:
    """Of each character the id by which the base reads it."""
    special = len(characters) - len(characters.characters)
    ids = {character: special + rank for rank, character in enumerate(base.characters)}
    return torch.tensor([*range(special), *(ids.get(one, UNKNOWN_CHARACTER) for one in characters.characters)])


def _composed(network: ClozeNetwork, corpus: PreparedCorpus, is_new: Tensor) -> Tensor:
    """Own vectors (N, E) for the new words, from those of the base's words (by ridge regression)."""
    words = network.embedding.words.weight.detach()
    old = ~is_new
    old[: len(SPECIAL_TOKENS)] = False
    mean = words[old].mean(dim=0)
    if not network.embedding.reads_characters:
        return mean.expand(int(is_new.sum()), -1)
    spelling = torch.from_numpy(corpus.lexicon.character_ids[: len(corpus.vocabulary)].astype(np.int64))
    features = network.embedding.features(spelling).detach().double()
    centre = features[old].mean(dim=0)
    inputs, outputs = features[old] - centre, (words[old] - mean).double()
    scale = float(inputs.square().sum(dim=1).mean())
    gram = inputs.T @ inputs + _RIDGE * scale * torch.eye(inputs.shape[1], dtype=torch.double)
    matrix = torch.linalg.solve(gram, inputs.T @ outputs)
    composed: Tensor = mean + ((features[is_new] - centre) @ matrix).float()
    return composed


def _biases(base: BaseModel, corpus: PreparedCorpus, is_new: Tensor) -> Tensor:
    """Of the new words (N,): those of base words that are as frequent."""
    words = base.folder.vocabulary
    candidate = words.targets()
    candidate = candidate if candidate.any() else words.counts > 0
    fewest = words.counts[candidate].min()
    rarest = candidate & (words.counts == fewest)
    once = float(base.weights[_BIAS][rarest].mean()) - np.log(fewest)
    # The base's counts and those of new words add up to as much, and both were multiplied if the text has more.
    scale = max(1.0, float(corpus.vocabulary.counts.sum()) / 2 / float(words.counts.sum()))
    counts = corpus.vocabulary.counts[is_new.numpy()] / scale
    return torch.from_numpy(once + np.log(counts)).float()
