#!/usr/bin/env python3
"""Exports models with fixed random weights as TorchScript files that `swaplab pack` takes.

Nothing is downloaded: swapping moves bytes and executes operators, and what the weights say does not
matter to either, as long as they are of a realistic scale (numbers of denormal size make a CPU 100
times slower). Two exports of one model have the same weights.

examples:
  export.py --list
  export.py vgg19 -o models                     writes models/vgg19.pt
  export.py bert-large vit_b_16 -o models
  export.py resnet50 --input 1x3x320x320 -o models
  swaplab pack models/vgg19.pt -o packs/vgg19   the next step
"""
import argparse
import json
import math
import os
import pathlib
import sys
import warnings

try:
    import torch
    from torch import nn
    Module = nn.Module
except ImportError as error:  # --help and --list do without
    torch = nn = None
    Module = object
    WITHOUT_TORCH = error

SEED = 20240229
IMAGE = [1, 3, 224, 224]

# --- Transformers, of torch.nn modules --------------------------------------------------------------


class Attention(Module):
    """Queries, keys and values stored separately, as Hugging Face's BERT has them, or as one matrix
    (`packed`), as GPT-2 has them."""

    def __init__(self, width, heads, packed, causal_length=0):
        super().__init__()
        self.heads = heads
        self.packed = packed
        if packed:
            self.query_key_value = nn.Linear(width, 3 * width)
        else:
            self.query = nn.Linear(width, width)
            self.key = nn.Linear(width, width)
            self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        mask = None
        if causal_length:
            mask = torch.full((causal_length, causal_length), -1e4).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        batch, length, width = x.shape
        if self.packed:
            projected = self.query_key_value(x).split(width, dim=2)
        else:
            projected = (self.query(x), self.key(x), self.value(x))
        query, key, value = (
            p.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for p in projected)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(width // self.heads)
        if self.mask is not None:
            scores = scores + self.mask
        attended = torch.matmul(scores.softmax(dim=-1), value)
        return self.output(attended.transpose(1, 2).reshape(batch, length, width))


class Block(Module):
    """One encoder or decoder block, with the norms before (GPT-2) or behind (BERT) its halves."""

    def __init__(self, width, heads, pre_norm, causal_length=0):
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = Attention(width, heads, packed=pre_norm, causal_length=causal_length)
        self.attention_norm = nn.LayerNorm(width)
        self.intermediate = nn.Linear(width, 4 * width)
        self.output = nn.Linear(4 * width, width)
        self.output_norm = nn.LayerNorm(width)

    def forward(self, x):
        if self.pre_norm:
            x = x + self.attention(self.attention_norm(x))
            return x + self.feed_forward(self.output_norm(x))
        x = self.attention_norm(x + self.attention(x))
        return self.output_norm(x + self.feed_forward(x))

    def feed_forward(self, x):
        return self.output(nn.functional.gelu(self.intermediate(x)))


class Bert(Module):
    def __init__(self, length, width, heads, blocks, vocabulary=30522, positions=512):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.position_embeddings = nn.Embedding(positions, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width)
        self.encoder = nn.ModuleList(Block(width, heads, pre_norm=False) for _ in range(blocks))
        self.pooler = nn.Linear(width, width)
        self.register_buffer("position_ids", torch.arange(length).unsqueeze(0), persistent=False)

    def forward(self, tokens):
        types = torch.zeros_like(tokens)
        x = self.word_embeddings(tokens) + self.token_type_embeddings(types)
        x = self.norm(x + self.position_embeddings(self.position_ids))
        for block in self.encoder:
            x = block(x)
        return x, torch.tanh(self.pooler(x[:, 0]))


class Gpt2(Module):
    """The head shares the matrix of the word embeddings."""

    def __init__(self, length, width, heads, blocks, vocabulary=50257, positions=1024):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.position_embeddings = nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(
            Block(width, heads, pre_norm=True, causal_length=length) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.word_embeddings.weight
        self.register_buffer("position_ids", torch.arange(length).unsqueeze(0), persistent=False)

    def forward(self, tokens):
        x = self.word_embeddings(tokens) + self.position_embeddings(self.position_ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, -1:])


# --- What can be exported -----------------------------------------------------------------------------

TRANSFORMERS = {
    "bert-large": (lambda length: Bert(length, 1024, 16, 24), 384,
                   "the shape of bert-large-uncased: 24 blocks, 384 tokens"),
    "gpt2-medium": (lambda length: Gpt2(length, 1024, 16, 24), 128,
                    "the shape of GPT-2 medium: 24 blocks, a prompt of 128 tokens, head tied"),
}
# Names that swaplab's built-in models have.
ALIASES = {"vit-base": "vit_b_16", "vit-large": "vit_l_16"}
SHOWN = ["vgg19", "resnet50", "resnet101", "resnet152", "vit_b_16", "vit_l_16", "mobilenet_v2"]


def torchvision_models():
    try:
        from torchvision import models
    except ImportError:
        sys.exit("this model needs torchvision: install python3-torchvision (Debian, Ubuntu) or "
                 "`pip install torchvision`")
    return models


def build(name, shape):
    """The module, and the shape and dtype of its input."""
    if name in TRANSFORMERS:
        make, length, _ = TRANSFORMERS[name]
        if shape and len(shape) != 2:
            sys.exit(f"export.py: {name} takes an input such as 1x{length}")
        shape = shape or [1, length]
        return make(shape[-1]), shape, "int64"
    models = torchvision_models()
    if name not in models.list_models(module=models):
        sys.exit(f"export.py: no model {name!r} (export.py --list names them)")
    shape = shape or IMAGE
    if len(shape) != 4 or shape[1] != 3:
        sys.exit(f"export.py: {name} takes an input such as {'x'.join(map(str, IMAGE))}")
    sized = {"image_size": shape[-1]} if name.startswith("vit_") else {}
    return models.get_model(name, weights=None, **sized), shape, "float32"


def parse_shape(text):
    try:
        shape = [int(part) for part in text.split("x")]
    except ValueError:
        shape = []
    if not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"expected a shape such as 1x3x224x224, found {text!r}")
    return shape


def settle(module):
    """Sane statistics for batch norms; no matrix is all zeros (torchvision's ViT heads are), or every
    input had the same output."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0.0, 0.1)
                part.running_var.uniform_(0.8, 1.2)
            elif isinstance(part, nn.Embedding):
                part.weight.normal_(0.0, 0.02)
        for parameter in module.parameters():
            if not parameter.any():
                parameter.normal_(0.0, 0.02)


def export(name, shape, target):
    torch.manual_seed(SEED)
    module, shape, dtype = build(ALIASES.get(name, name), shape)
    settle(module)
    module.eval()
    if dtype == "int64":
        sample = torch.randint(0, 1000, shape)
    else:
        sample = torch.randn(shape)
    # With gradients enabled: without, torch.nn's attention takes a fused path, in which all weights
    # of an encoder block are used by one operator and cannot be swapped one by one.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that shapes become constants is meant
        traced = torch.jit.trace(module, sample, check_trace=False)
    extra = {"swaplab.json": json.dumps({"inputs": [{"shape": shape, "dtype": dtype}]})}
    unfinished = target.with_name(target.name + ".part")
    try:
        torch.jit.save(traced, str(unfinished), _extra_files=extra)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    count = sum(parameter.numel() for parameter in module.parameters())
    print(f"{target}: {count} parameters, input {'x'.join(map(str, shape))}:{dtype}")


def require_torch():
    if torch is None:
        sys.exit(f"export.py needs PyTorch ({WITHOUT_TORCH}): install python3-torch and "
                 "python3-torchvision (Debian, Ubuntu) or `pip install torch torchvision`, and run it "
                 "with that Python")


def list_models():
    for name, (_, _, what) in TRANSFORMERS.items():
        print(f"{name:14}{what}")
    for alias, name in ALIASES.items():
        print(f"{alias:14}torchvision's {name}")
    print(f"and every classifier of torchvision.models, such as {', '.join(SHOWN)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", nargs="*", help="what to export (see --list)")
    parser.add_argument("-o", "--output", metavar="DIR", type=pathlib.Path, default=pathlib.Path("."),
                        help="folder for MODEL.pt, made if it is not there (default: here)")
    parser.add_argument("--input", metavar="SHAPE", type=parse_shape,
                        help="of the input: 1x3x224x224, of a transformer 1xTOKENS")
    parser.add_argument("--list", action="store_true", help="name what can be exported")
    arguments = parser.parse_args()
    if arguments.list:
        list_models()
        return
    if not arguments.models:
        parser.error("name at least one model (--list names them)")
    require_torch()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.models:
        export(name, arguments.input, arguments.output / f"{name}.pt")


if __name__ == "__main__":
    main()
