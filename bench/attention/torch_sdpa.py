"""PyTorch's attention on a GPU, each of its back ends by itself, as lines of JSON.

Usage: torch_sdpa.py [--tokens 512,1024,...] [--runs R]; forward in bf16, hidden size 2048, 16k tokens in all.
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
        except RuntimeError as error:
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


def times_ms(torch, shape, causal, runs):
    query, key, value = inputs(torch, *shape)

    def attend():
        torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)

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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", default="512,1024,2048,4096,8192,16384")
    parser.add_argument("--runs", type=int, default=20)
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
    for head_dim in (64, 128):
        for causal in (False, True):
            for back_end in BACK_ENDS:
                measure(torch, back_end, head_dim, causal, sizes, options.runs)


main()
