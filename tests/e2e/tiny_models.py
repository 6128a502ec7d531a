"""Make a tiny model with random weights, and its tokenizer: `python tiny_models.py gpt2|llama|lora FOLDER`.

Runs with the interpreter that vLLM is installed in, whose transformers, tokenizers and safetensors it uses.
The answers of such a model mean nothing, and take milliseconds; everything around them is what a real model's are.
"""

import json
import sys
from pathlib import Path
from typing import Any

# mypy and the project's own environment know none of these: they are in the environment of vLLM.
import torch  # type: ignore[import-not-found]
from safetensors.torch import save_file  # type: ignore[import-not-found]
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # type: ignore[import-not-found]
from transformers import (  # type: ignore[import-not-found]
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

END = "<|endoftext|>"
# What the chat models say of themselves: the roles and the text, nothing else.
CHAT_TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def tokenizer(positions: int, *, chat: bool) -> PreTrainedTokenizerFast:
    """One token for each byte, and the end of a text: nothing to train, and any text goes through."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {END: 0, **{letter: index for index, letter in enumerate(alphabet, start=1)}}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, bos_token=END, model_max_length=positions)
    if chat:
        fast.chat_template = CHAT_TEMPLATE
    return fast


def gpt2(folder: Path) -> None:
    """A GPT-2 with 1,024 positions and no chat template, as microsoft/DialoGPT-medium is."""
    words = tokenizer(1024, chat=False)
    config = GPT2Config(
        vocab_size=len(words), n_positions=1024, n_embd=64, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    GPT2LMHeadModel(config).to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)


def llama(folder: Path) -> None:
    """A Llama with room for 131,072 tokens; four layers and eight heads, so that it can be split."""
    words = tokenizer(131072, chat=True)
    config = LlamaConfig(
        vocab_size=len(words), max_position_embeddings=131072, hidden_size=256, intermediate_size=128,
        num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=8, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)


def lora(folder: Path) -> None:
    """An adapter of rank 8 for the queries and values of `llama`, big enough to change every answer."""
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "tiny", "r": 8, "lora_alpha": 64,
        "lora_dropout": 0.0, "bias": "none", "target_modules": ["q_proj", "v_proj"], "inference_mode": True,
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    tensors = {}
    for layer in range(4):
        for part in settings["target_modules"]:
            name = f"base_model.model.model.layers.{layer}.self_attn.{part}"
            tensors[f"{name}.lora_A.weight"] = torch.randn(8, 256)
            tensors[f"{name}.lora_B.weight"] = torch.randn(256, 8)
    save_file(tensors, folder / "adapter_model.safetensors")


if __name__ == "__main__":
    torch.manual_seed(0)
    {"gpt2": gpt2, "llama": llama, "lora": lora}[sys.argv[1]](Path(sys.argv[2]))
