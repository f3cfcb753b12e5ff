"""Makes a Qwen2-VL of random weights, for the wire only: it takes pictures, and says nothing true.

    PYTHON_OF_VLLM tests/serving/tiny_vlm.py FOLDER

Its vocabulary holds, beside bytes, whole sentences with citations; their rows of the output layer are larger than the
others', so that what it writes freely comes in sentences.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessor

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
           "<|video_pad|>")  # fmt: skip
WHITE = ("Ġ", "Ċ", "ĉ", "č")  # space, line feed, tab, carriage return, as byte-level vocabularies write them
SENTENCES = tuple(
    f" {what} is {how}. [E{number}]"
    for what in ("The heart", "The left lung", "The right lung", "The aorta", "The trachea", "An effusion")
    for how, number in (("normal", 1), ("large", 2), ("not seen", 1), ("present", 3))
)
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type in ('image', 'image_url') %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    Qwen2VLImageProcessor(min_pixels=56 * 56, max_pixels=112 * 112).save_pretrained(folder)
    torch.manual_seed(0)
    model = Qwen2VLForConditionalGeneration(_config(tokenizer)).to(torch.bfloat16)
    with torch.no_grad():
        rows = model.lm_head.weight
        for token in (*SENTENCES, "{", '"'):  # sentences rather than bytes; JSON whose lists and texts begin and end
            rows[tokenizer.convert_tokens_to_ids(token)] *= 8
        for token in (*CONTROL, *WHITE, "]"):
            rows[tokenizer.convert_tokens_to_ids(token)] = 0
        for layer in model.model.language_model.layers:  # attention that matters, so that a picture changes the answer
            for weights in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
                weights.weight *= 8
    model.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(CONTROL))
    tokenizer.add_tokens([AddedToken(sentence, normalized=False) for sentence in SENTENCES])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE,
        additional_special_tokens=list(CONTROL[1:]), model_max_length=65536,
    )  # fmt: skip


def _config(tokenizer: PreTrainedTokenizerFast) -> Qwen2VLConfig:
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in CONTROL}
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 65536,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [8, 12, 12]},
        "bos_token_id": ids["<|im_start|>"], "eos_token_id": ids["<|im_end|>"], "pad_token_id": ids["<|endoftext|>"],
    }  # fmt: skip
    return Qwen2VLConfig(
        text_config=text,
        vision_config={"embed_dim": 128, "num_heads": 2, "depth": 2, "hidden_size": 256, "mlp_ratio": 2},
        image_token_id=ids["<|image_pad|>"], video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"], vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False, eos_token_id=ids["<|im_end|>"],
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
