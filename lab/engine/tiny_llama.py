"""Write the tiny model to the directory given: `python tiny_llama.py DIR`. Runs inside the engine tree.

Random weights from a fixed seed, so that every clone serves the same text; four layers and four heads, so that two
stages, two ranks and both at once divide it; a trained tokenizer and a chat template, so that chat works.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SENTENCE = "The quick brown fox jumps over the lazy dog and tells two nodes what it has seen."
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"
VOCABULARY = 512
WORDS_FROM = 3 + 256
"""After the special tokens and the single bytes."""


def tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE: every text has tokens, and every token has a text."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator([SENTENCE] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="<pad>", chat_template=TEMPLATE
    )


def write(directory: Path) -> None:
    """Write weights, configuration and tokenizer."""
    torch.manual_seed(20)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        tie_word_embeddings=False,
        # Wider than a trained model's: the best token stands clear of the next, so that the order of
        # additions, which differs between parallel plans, does not decide the text.
        initializer_range=0.2,
        dtype="float32",
    )
    model = LlamaForCausalLM(config)
    words = tokenizer()
    with torch.no_grad():
        # Larger rows win more often: the text is made of whole words, not of stray bytes.
        for token, number in words.get_vocab().items():
            if len(token) > 2 and number >= WORDS_FROM:
                model.lm_head.weight[number] *= 4
    model.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=1, pad_token_id=2)
    model.save_pretrained(directory, safe_serialization=True)
    words.save_pretrained(directory)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
