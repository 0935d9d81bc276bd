"""PyTorch's attention on a GPU, each of its back ends by itself, as lines of JSON.

Usage: torch_sdpa.py [--tokens 512,1024,...] [--runs R]; forward in bf16, hidden size 2048, 16k tokens in all.
       torch_sdpa.py --decode [--runs R]; one new token a sequence over a dense cache in bf16, 128k tokens in all.
"""

import argparse
import json
import math
import statistics
import sys
import warnings

HIDDEN = 2048
TOKENS_IN_ALL = 16384
TOLERANCE = 1e-2
# The settings of scripts/gpu-check/decode.cc: heads of models in use, layers that follow each other in the queue.
DECODE_TOKENS_IN_ALL = 131072
DECODE_HEADS = ((64, 32, 8), (128, 32, 8), (256, 16, 8))
DECODE_SEQUENCES = (1, 16, 256)
DECODE_LAYERS = 4
# "math" would make a copy of the cache for each query head.
DECODE_BACK_ENDS = ("flash", "cudnn", "efficient")
BACK_ENDS = {
    "flash": "FLASH_ATTENTION",
    "cudnn": "CUDNN_ATTENTION",
    "efficient": "EFFICIENT_ATTENTION",
    "math": "MATH",
}


def say(**line):
    print(json.dumps(line), flush=True)


def import_torch():
    """Answers the modules, or a reason why there are none."""
    try:
        import torch
        import torch.nn.attention
    except ImportError as error:
        return None, f"PyTorch 2.3 or newer cannot be imported: {error}"
    if not torch.cuda.is_available():
        return None, "PyTorch finds no CUDA device"
    return torch, None


def inputs(torch, batch, heads, tokens, head_dim):
    generator = torch.Generator(device="cuda").manual_seed(1)
    shape = (batch, heads, tokens, head_dim)
    return [torch.randn(shape, generator=generator, device="cuda").bfloat16() for _ in range(3)]


def relative_error(torch, got, query, key, value, causal):
    """Of the norm, against plain attention in double precision from the same rounded inputs."""
    query, key, value = query.double(), key.double(), value.double()
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if causal:
        tokens = query.shape[-2]
        later = torch.ones(tokens, tokens, dtype=torch.bool, device="cuda").triu(1)
        scores = scores.masked_fill(later, -math.inf)
    expected = torch.softmax(scores, -1) @ value
    return ((got.double() - expected).norm() / expected.norm()).item()


def with_back_end(torch, back_end, work):
    """Answers (what work answers, None), or (None, the reason) where the back end cannot run."""
    attention = torch.nn.attention
    kind = getattr(attention.SDPBackend, BACK_ENDS[back_end], None)
    if kind is None:
        return None, f"PyTorch {torch.__version__} has no such back end"
    reason = None
    with warnings.catch_warnings(record=True) as caught, torch.no_grad():
        warnings.simplefilter("always")
        try:
            with attention.sdpa_kernel(kind):
                return work(), None
        except (RuntimeError, TypeError) as error:  # PyTorch before 2.5 knows no enable_gqa
            # As text, because the error itself would keep the memory of its frames.
            reason = str(error).strip().split("\n")[0]
    if caught:
        reason += " (" + " ".join(str(warning.message).split("\n")[0] for warning in caught) + ")"
    torch.cuda.empty_cache()
    return None, reason


def check(torch, head_dim, causal):
    """The error at a small size."""
    query, key, value = inputs(torch, 2, 4, 256, head_dim)
    got = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
    torch.cuda.synchronize()
    return relative_error(torch, got, query, key, value, causal)


def queued_ms(torch, attend, runs):
    """Milliseconds of each of several calls that queue up, after a warm-up."""
    for _ in range(5):
        attend()
    events = []
    for _ in range(runs):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        attend()
        end.record()
        events.append((start, end))
    torch.cuda.synchronize()
    return [start.elapsed_time(end) for start, end in events]


def times_ms(torch, shape, causal, runs):
    query, key, value = inputs(torch, *shape)
    attention = torch.nn.functional.scaled_dot_product_attention
    return queued_ms(torch, lambda: attention(query, key, value, is_causal=causal), runs)


def measure(torch, back_end, head_dim, causal, sizes, runs):
    line = {"peer": f"torch {back_end}", "dtype": "bf16", "headDim": head_dim, "causal": causal}
    error, reason = with_back_end(torch, back_end, lambda: check(torch, head_dim, causal))
    if reason is not None:
        say(**line, skipped=reason)
        return
    if not error < TOLERANCE:
        sys.exit(f"torch {back_end}, head dim {head_dim}, causal {causal}: wrong, relative error {error:.3g}")
    heads = HIDDEN // head_dim
    for tokens in sizes:
        batch = TOKENS_IN_ALL // tokens
        here = {**line, "batch": batch, "heads": heads, "tokens": tokens}
        shape = (batch, heads, tokens, head_dim)
        times, reason = with_back_end(torch, back_end, lambda: times_ms(torch, shape, causal, runs))
        if reason is not None:
            say(**here, skipped=reason)
            continue
        median = statistics.median(times)
        flops = 4 * batch * heads * tokens**2 * head_dim / (2 if causal else 1)
        say(**here, medianMs=median, minMs=min(times), tflops=flops / median / 1e9, relativeError=error)


def caches(torch, layers, sequences, kv_heads, tokens, head_dim):
    shape = (layers, 2, sequences, kv_heads, tokens, head_dim)
    return torch.randn(shape, device="cuda", dtype=torch.bfloat16)


def decode(torch, query, cache):
    """One layer after the other; each has its cache."""
    attention = torch.nn.functional.scaled_dot_product_attention
    for layer in range(cache.shape[0]):
        out = attention(query, cache[layer, 0], cache[layer, 1], enable_gqa=True)
    return out


def check_decode(torch, head_dim, heads, kv_heads):
    """The error at a small size."""
    query = torch.randn((2, heads, 1, head_dim), device="cuda", dtype=torch.bfloat16)
    cache = caches(torch, 1, 2, kv_heads, 257, head_dim)
    key, value = (each.repeat_interleave(heads // kv_heads, 1) for each in cache[0])
    return relative_error(torch, decode(torch, query, cache), query, key, value, False)


def decode_ms(torch, sequences, tokens, head_dim, heads, kv_heads, runs):
    query = torch.randn((sequences, heads, 1, head_dim), device="cuda", dtype=torch.bfloat16)
    cache = caches(torch, DECODE_LAYERS, sequences, kv_heads, tokens, head_dim)
    times = queued_ms(torch, lambda: decode(torch, query, cache), runs)
    return [time / DECODE_LAYERS for time in times]


def measure_decode(torch, back_end, setting, runs):
    head_dim, heads, kv_heads = setting
    line = {"peer": f"torch {back_end}", "cache": "dense bf16", "headDim": head_dim, "heads": heads}
    line["kvHeads"] = kv_heads
    error, reason = with_back_end(torch, back_end, lambda: check_decode(torch, *setting))
    if reason is not None:
        say(**line, skipped=reason)
        return
    if not error < TOLERANCE:
        sys.exit(f"torch {back_end}, decode, head dim {head_dim}: wrong, relative error {error:.3g}")
    for sequences in DECODE_SEQUENCES:
        tokens = DECODE_TOKENS_IN_ALL // sequences
        here = {**line, "sequences": sequences, "tokens": tokens}
        work = lambda: decode_ms(torch, sequences, tokens, *setting, runs)
        times, reason = with_back_end(torch, back_end, work)
        if reason is not None:
            say(**here, skipped=reason)
            continue
        median = statistics.median(times)
        read = 2 * DECODE_TOKENS_IN_ALL * kv_heads * head_dim * 2
        say(
            **here,
            readBytes=read,
            medianMs=median,
            minMs=min(times),
            gbPerSecond=read / median / 1e6,
            relativeError=error,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", default="512,1024,2048,4096,8192,16384")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--decode", action="store_true")
    options = parser.parse_args()
    sizes = [int(text) for text in options.tokens.split(",")]
    if any(size < 1 or TOKENS_IN_ALL % size != 0 for size in sizes):
        parser.error(f"--tokens must divide {TOKENS_IN_ALL}")
    if options.runs < 10:
        parser.error("--runs must be 10 or more")
    torch, reason = import_torch()
    if reason is not None:
        say(skipped=reason)
        return
    say(
        device=torch.cuda.get_device_name(),
        torch=torch.__version__,
        cuda=torch.version.cuda,
        cudnn=torch.backends.cudnn.version(),
    )
    if options.decode:
        for setting in DECODE_HEADS:
            for back_end in DECODE_BACK_ENDS:
                measure_decode(torch, back_end, setting, options.runs)
        return
    for head_dim in (64, 128):
        for causal in (False, True):
            for back_end in BACK_ENDS:
                measure(torch, back_end, head_dim, causal, sizes, options.runs)


main()
