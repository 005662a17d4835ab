"""The label layer on its own: fitted exactly while everything below it stays as it is, and tempered at the end.

For a pretrained network, a linear layer is fitted first, and only then is the whole trained from there (Kumar et al.
2022, section 4): the gradients of an untrained layer would damage the features below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from tiankong.network.classifier import ClassifierNetwork, of_texts
from tiankong.training.classify.batches import LabelledBatch

_DECAYS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""Strengths of the pull towards zero that are tried, each from the layer that the one before found."""

_STEPS = 200


@torch.no_grad()
def text_features(network: ClassifierNetwork, batches: Iterable[LabelledBatch]) -> tuple[Tensor, Tensor]:
    """What the label layer reads of texts, (B, 2, E), and their labels (B,).

    The layer is linear, so that the mean over a text's pieces does for the pieces.
    """
    trains = network.training
    network.eval()
    features, labels = [], []
    for batch in batches:
        pieces = network.features(*batch.inputs)
        merged = of_texts(pieces.flatten(1), batch.owners, batch.weights, len(batch.labels))
        features.append(merged.view(-1, *pieces.shape[1:]))
        labels.append(batch.labels)
    network.train(trains)  # Lightning trains a network in the mode that it is given
    return torch.cat(features), torch.cat(labels)


def fit_label_layer(
    network: ClassifierNetwork,
    learnt: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    label_weights: Tensor | None,
) -> None:
    """Gives the label layer the weights that predict best, with the decay that does best on ``validation``.

    Both are features and labels as :func:`text_features` gives them; ``label_weights`` (labels,) count in the first.
    """
    layer = network.label_layer
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    lowest, best = math.inf, {name: value.clone() for name, value in layer.state_dict().items()}
    for decay in _DECAYS:
        _minimise(network, learnt, label_weights, decay)
        with torch.no_grad():
            loss = float(functional.cross_entropy(network.label_logits(validation[0]), validation[1]))
        if loss < lowest:
            lowest, best = loss, {name: value.clone() for name, value in layer.state_dict().items()}
    layer.load_state_dict(best)


def temper(network: ClassifierNetwork, validation: tuple[Tensor, Tensor]) -> float:
    """Multiplies the logits by the number that calibrates the probabilities of ``validation`` best, and returns it.

    Temperature scaling (Guo et al. 2017, section 4.2). The loss is convex in the number.
    """
    with torch.no_grad():
        logits = network.label_logits(validation[0]).double()
    if bool((logits.argmax(dim=1) == validation[1]).all()):  # the larger the number, the better: it tells nothing
        return 1.0
    scale = torch.ones((), dtype=torch.double, requires_grad=True)
    optimiser = torch.optim.LBFGS([scale], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(scale * logits, validation[1])
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    fitted = float(scale.detach())
    if not 0 < fitted < math.inf:  # nothing learned: there is no such number
        return 1.0
    network.rescale(fitted)
    return fitted


def _minimise(
    network: ClassifierNetwork, learnt: tuple[Tensor, Tensor], label_weights: Tensor | None, decay: float
) -> None:
    layer = network.label_layer
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(network.label_logits(learnt[0]), learnt[1], label_weights)
        value = value + decay / 2 * layer.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
