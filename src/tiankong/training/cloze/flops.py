"""How many operations a training step needs."""

from __future__ import annotations

from tiankong.config import ModelConfig
from tiankong.network.cloze import ClozeNetwork


def network_flops(network: ClozeNetwork, tokens_read: int, targets: int) -> float:
    """FLOPs of the matrix products of a training step: three times the forward pass, two operations a weight.

    ``tokens_read`` counts the tokens of both directions, ``targets`` the predictions.
    """
    config = network.config
    by_token = sum(_recurrent_weights(config, layer) for layer in range(config.layers))
    by_target = 0
    if network.encoder.attention is not None:  # the products among queries, keys and values are small: not counted
        by_token += (config.hidden_size + config.embedding_size) * 3 * config.attention_size // 2
        by_target += network.encoder.attention.query.weight.numel()
    by_target += sum(weight.numel() for weight in network.mlp.parameters() if weight.dim() > 1)
    by_target += network.head.weights_by_target
    return 3.0 * 2.0 * (tokens_read * by_token + targets * by_target)


def _recurrent_weights(config: ModelConfig, layer: int) -> int:
    gates = 4 if config.cell == "lstm" else 3
    size = config.embedding_size if layer == 0 else config.hidden_size
    return gates * config.hidden_size * (size + config.hidden_size)
