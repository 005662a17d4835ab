"""Does padding reach the backward direction? Three texts of 1, 2 and 3 words in one batch.

    python benchmarks/padding.py

Its output is quoted in docs/how-it-works/padding.md; a test compares the two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LENGTHS = [1, 2, 3]


def states(cell: nn.GRU, texts: Tensor) -> Tensor:
    """Hidden states (texts, positions) of a one-unit cell."""
    with torch.no_grad():
        return cell(texts)[0][:, :, 0]


def show(title: str, rows: list[list[float]]) -> None:
    """Prints a row for each text."""
    print(title)
    for length, row in zip(LENGTHS, rows, strict=True):
        print(f"  length {length}: " + " ".join(f"{value:+.4f}" for value in row))


def main() -> None:
    """The four ways, and how far each is from reading a text alone."""
    torch.manual_seed(7)
    cell = nn.GRU(1, 1, batch_first=True)
    words = [torch.linspace(0.5, 1.5, length)[:, None] for length in LENGTHS]

    alone = [states(cell, text.flip(0)[None])[0].flip(0).tolist() for text in words]
    show("backward states, each text alone (what is right)", alone)

    # Padded first, then the whole row reversed: the padding is read before the words.
    padded = nn.utils.rnn.pad_sequence(words, batch_first=True)
    turned = states(cell, padded.flip(1)).flip(1)
    show("padded, then reversed", [turned[i, :n].tolist() for i, n in enumerate(LENGTHS)])

    # tiankong: each text reversed by its own length, then padded on the right.
    backwards = nn.utils.rnn.pad_sequence([text.flip(0) for text in words], batch_first=True)
    ours = states(cell, backwards)
    kept = [ours[i, :n].flip(0).tolist() for i, n in enumerate(LENGTHS)]
    show("reversed by its own length, then padded (tiankong)", kept)

    packed = nn.utils.rnn.pack_padded_sequence(padded, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    both = nn.GRU(1, 1, batch_first=True, bidirectional=True)
    both.load_state_dict(
        {name + suffix: value for name, value in cell.state_dict().items() for suffix in ("", "_reverse")}
    )
    with torch.no_grad():
        unpacked, _ = nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)
    show("torch's packed sequence, bidirectional=True", [unpacked[i, :n, 1].tolist() for i, n in enumerate(LENGTHS)])

    for name, rows in [
        ("padded, then reversed", [turned[i, :n].tolist() for i, n in enumerate(LENGTHS)]),
        ("tiankong", kept),
        ("packed", [unpacked[i, :n, 1].tolist() for i, n in enumerate(LENGTHS)]),
    ]:
        worst = max(abs(a - b) for right, got in zip(alone, rows, strict=True) for a, b in zip(right, got, strict=True))
        print(f"largest difference from each text alone, {name}: {worst:.4f}")


if __name__ == "__main__":
    main()
