"""The graph of all-MiniLM-L6-v2 for onnxruntime, made from the weights of the packaged model.

A compact one: queries, keys and values are one product, attention and GELU one operator each. `FloatModel` computes
what the packaged graph computes; `integer_model` multiplies in integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

LAYERS, HEADS, DIM = 6, 12, 384
EPSILON = 1e-12
_MICROSOFT = "com.microsoft"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Range:
    """How the activations at one point are quantised: divided by `smooth` (a value a channel), then `low` to `high` of
    the quotient spread over 0 … 255."""

    smooth: Floats
    low: float
    high: float

    def scale(self) -> np.float32:
        return np.float32((self.high - self.low) / 255)

    def zero_point(self) -> np.uint8:
        return np.uint8(round(-self.low / float(self.scale())))


@dataclass(frozen=True)
class Linear:
    """A product and its bias: (inputs, outputs) and (outputs,)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class Norm:
    gain: Floats
    shift: Floats


@dataclass(frozen=True)
class Layer:
    attend: Linear  # to queries, keys and values, one after the other
    attended: Linear
    first_norm: Norm
    widen: Linear
    narrow: Linear
    second_norm: Norm


@dataclass(frozen=True)
class MiniLm:
    """The model's weights. Word vectors stay int8 with a scale a row; `positions` hold the one token type too."""

    words: NDArray[np.int8]
    word_scales: Floats
    positions: Floats
    norm: Norm
    layers: tuple[Layer, ...]


def points() -> list[str]:
    """The names of the places where activations meet weights, in the order of the graph."""
    return [f"{n}.{place}" for n in range(LAYERS) for place in ("in", "attended", "middle", "wide")]


def load_ranges(path: Path) -> dict[str, Range]:
    with np.load(path) as stored:
        bounds = stored["bounds"]
        return {
            name: Range(stored[name].astype(np.float32), float(low), float(high))
            for name, (low, high) in zip(points(), bounds, strict=True)
        }


def read_weights(path: Path) -> MiniLm:
    """The weights of the packaged ONNX file: products as `…_q` (int8) and `…_scale` (a column each)."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    products = [n.input[1] for n in model.graph.node if n.op_type == "MatMul" and f"{n.input[1]}_q" in stored]

    def exact(name: str) -> Floats:
        return np.asarray(stored[f"{name}_q"].astype(np.float32) * stored[f"{name}_scale"], np.float32)

    def norm(name: str) -> Norm:
        return Norm(stored[f"{name}.weight"], stored[f"{name}.bias"])

    layers = []
    for n in range(LAYERS):
        own = f"inner.encoder.layer.{n}"
        query, key, value, attended, widen, narrow = map(exact, products[6 * n : 6 * n + 6])
        biases = [stored[f"{own}.attention.self.{part}.bias"] for part in ("query", "key", "value")]
        layers.append(
            Layer(
                Linear(np.concatenate([query, key, value], axis=1), np.concatenate(biases)),
                Linear(attended, stored[f"{own}.attention.output.dense.bias"]),
                norm(f"{own}.attention.output.LayerNorm"),
                Linear(widen, stored[f"{own}.intermediate.dense.bias"]),
                Linear(narrow, stored[f"{own}.output.dense.bias"]),
                norm(f"{own}.output.LayerNorm"),
            )
        )
    embeddings = "inner.embeddings"
    return MiniLm(
        stored[f"{embeddings}.word_embeddings.weight_q"],
        stored[f"{embeddings}.word_embeddings.weight_scale"],
        exact(f"{embeddings}.position_embeddings.weight") + stored[f"{embeddings}.token_type_embeddings.weight"][0],
        norm(f"{embeddings}.LayerNorm"),
        tuple(layers),
    )


def integer_model(path: Path, ranges: Path, *, unsigned_weights: bool) -> bytes:
    """The serialized model whose products are of integers; see `products_saturate` for `unsigned_weights`."""
    return _IntegerModel(load_ranges(ranges), unsigned_weights).model(read_weights(path)).SerializeToString()


def products_saturate() -> bool:
    """Whether this processor's product of unsigned and signed bytes is wrong where sums of two pass 16 bits.

    So it is on x86 without VNNI. Weights of unsigned bytes around 128 give the same integers there, more slowly.
    """
    from assistant.embed.onnx_session import open_session

    graph = _Graph()
    graph.node("MatMulInteger", ["left", graph.constant("right", np.full((64, 16), 127, np.int8))], "out")
    probe = open_session(
        graph.finish({"left": ("UINT8", ["n", 64])}, {"out": ("INT32", ["n", 16])}).SerializeToString()
    )
    (found,) = probe.run(None, {"left": np.full((8, 64), 255, np.uint8)})
    return bool((found != 64 * 255 * 127).any())


class _Graph:
    """Nodes and constants as they are added; every method gives the name of a tensor."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, *more: str, domain: str = "", **options: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(operator, inputs, [output, *more], domain=domain, **options))
        return output

    def finish(
        self, inputs: Mapping[str, tuple[str, list[Any]]], outputs: Mapping[str, tuple[str, list[Any]]]
    ) -> ModelProto:
        from onnx import TensorProto, helper

        def told(tensors: Mapping[str, tuple[str, list[Any]]]) -> list[Any]:
            return [helper.make_tensor_value_info(n, getattr(TensorProto, t), s) for n, (t, s) in tensors.items()]

        graph = helper.make_graph(self._nodes, "minilm", told(inputs), told(outputs), self._constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


class FloatModel(_Graph):
    """The model in float32; `outputs` names inner tensors to be given out beside the last hidden state."""

    def model(self, weights: MiniLm, outputs: tuple[str, ...] = ()) -> ModelProto:
        self.node("Cast", ["attention_mask"], "mask", to=6)  # INT32
        state = self._normed(self._embedded(weights), weights.norm, "0.in")
        for n, layer in enumerate(weights.layers):
            state = self._layer(n, layer, state)
        self.node("Identity", [state], "last_hidden_state")
        ids = {name: ("INT64", ["texts", "pieces"]) for name in ("input_ids", "attention_mask")}
        given = ("last_hidden_state", *outputs)
        return self.finish(ids, {name: ("FLOAT", ["texts", "pieces", None]) for name in given})

    def _embedded(self, weights: MiniLm) -> str:
        bytes_ = self.node("Gather", [self.constant("words", weights.words), "input_ids"], "word_bytes")
        floats = self.node("Cast", [bytes_], "word_floats", to=1)  # FLOAT
        scales = self.node("Gather", [self.constant("word_scales", weights.word_scales), "input_ids"], "scales")
        words = self.node("Mul", [floats, scales], "word_vectors")
        length = self.node("Shape", ["input_ids"], "length", start=1, end=2)
        start = self.constant("start", np.array([0], np.int64))
        places = self.node("Slice", [self.constant("positions", weights.positions), start, length], "places")
        return self.node("Add", [words, places], "embedded")

    def _layer(self, n: int, layer: Layer, state: str) -> str:
        attend = self._linear(layer.attend, state, f"{n}.in", f"{n}.qkv")
        parts = [f"{n}.query", f"{n}.key", f"{n}.value"]
        self.node("Split", [attend], *parts, axis=-1, num_outputs=3)
        mix = self.node("MultiHeadAttention", [*parts, "", "mask"], f"{n}.attended", domain=_MICROSOFT, num_heads=HEADS)
        attended = self._linear(layer.attended, mix, f"{n}.attended", f"{n}.output")
        both = self.node("Add", [attended, self._residual(state)], f"{n}.sum")
        state = self._normed(both, layer.first_norm, f"{n}.middle")
        wide = self._linear(layer.widen, state, f"{n}.middle", f"{n}.widened")
        active = self.node("Gelu", [wide], f"{n}.wide", domain=_MICROSOFT)
        narrow = self._linear(layer.narrow, active, f"{n}.wide", f"{n}.narrowed")
        total = self.node("Add", [narrow, self._residual(state)], f"{n}.total")
        return self._normed(total, layer.second_norm, f"{n + 1}.in")

    def _residual(self, state: str) -> str:
        return state

    def _normed(self, tensor: str, norm: Norm, name: str) -> str:
        gain, shift = self.constant(f"{name}.gain", norm.gain), self.constant(f"{name}.shift", norm.shift)
        return self.node("LayerNormalization", [tensor, gain, shift], name, axis=-1, epsilon=EPSILON)

    def _linear(self, linear: Linear, tensor: str, point: str, name: str) -> str:
        product = self.node("MatMul", [tensor, self.constant(f"{name}.weight", linear.weight)], f"{name}.product")
        return self.node("Add", [product, self.constant(f"{name}.bias", linear.bias)], name)


class _IntegerModel(FloatModel):
    """The model with quantised products.

    What is smoothed after a norm is so by its gain (and made whole again beside it), after attention by the weights of
    the values; after GELU it takes an operator of its own.
    """

    def __init__(self, ranges: Mapping[str, Range], unsigned_weights: bool) -> None:
        super().__init__()
        self._ranges, self._unsigned = ranges, unsigned_weights

    def _normed(self, tensor: str, norm: Norm, name: str) -> str:
        if name in self._ranges:
            norm = Norm(norm.gain / self._ranges[name].smooth, norm.shift / self._ranges[name].smooth)
        return super()._normed(tensor, norm, name)

    def _residual(self, state: str) -> str:
        smooth = self.constant(f"{state}.smooth", self._ranges[state].smooth)
        return self.node("Mul", [state, smooth], f"{state}.whole")

    def _linear(self, linear: Linear, tensor: str, point: str, name: str) -> str:
        known = self._ranges[point]
        weight, bias = linear.weight * known.smooth[:, None], linear.bias.copy()
        if point.endswith(".in"):
            values = self._ranges[point.replace(".in", ".attended")].smooth
            weight[:, -DIM:] /= values
            bias[-DIM:] /= values
        if point.endswith(".wide"):
            tensor = self.node("Mul", [tensor, self.constant(f"{point}.smooth", 1 / known.smooth)], f"{point}.smoothed")
        step = [self.constant(f"{point}.scale", known.scale()), self.constant(f"{point}.zero", known.zero_point())]
        quantised = self.node("QuantizeLinear", [tensor, *step], f"{point}.bytes")
        scales = np.abs(weight).max(axis=0) / 127
        signed = np.rint(weight / scales).astype(np.int8)
        zero = np.full(len(bias), 128, np.uint8) if self._unsigned else np.zeros(len(bias), np.int8)
        stored = (signed.astype(np.int16) + 128).astype(np.uint8) if self._unsigned else signed
        told = {"weight": stored, "scale": scales, "zero": zero, "bias": bias}
        by, columns, around, added = (self.constant(f"{name}.{what}", value) for what, value in told.items())
        inputs = [quantised, by, step[0], columns, step[1], around, added]
        return self.node("MatMulIntegerToFloat", inputs, name, domain=_MICROSOFT)
