import { describe, expect, test } from "vitest";
import { GIB, KIB, MIB, figures, figuresOf, recordOf, recordsOf } from "../support.js";

const ADVICE_OLD =
  " If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF";
const ADVICE =
  " If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory Management  (https://pytorch.org/docs/stable/notes/cuda.html#environment-variables)";

describe("clauses in a parenthesis", () => {
  const CARD = { gpuIndex: 1, totalBytes: 8 * GIB, allocatedBytes: 5 * GIB, freeBytes: 2 * GIB };

  test("1.0 to 1.3: cached memory is on top of what is allocated", async () => {
    const text =
      "RuntimeError: CUDA out of memory. Tried to allocate 512.00 MiB (GPU 1; 8.00 GiB total capacity; 5.00 GiB already allocated; 2.00 GiB free; 256.00 KiB cached)";
    expect(figuresOf(await recordOf(text))).toEqual(
      figures("pytorch", {
        ...CARD,
        requestedBytes: 512 * MIB,
        reservedBytes: 256 * KIB,
        reservedKind: "cached_unused",
      }),
    );
  });

  test.each(["", ADVICE_OLD])("1.4 to 2.0: reserved memory includes it, %#", async (advice) => {
    const text = `RuntimeError: CUDA out of memory. Tried to allocate 3.50 GiB (GPU 1; 8.00 GiB total capacity; 5.00 GiB already allocated; 2.00 GiB free; 5.50 GiB reserved in total by PyTorch)${advice}`;
    expect(figuresOf(await recordOf(text))).toEqual(
      figures("pytorch", {
        ...CARD,
        requestedBytes: 3.5 * GIB,
        reservedBytes: 5.5 * GIB,
        reservedKind: "total",
      }),
    );
  });

  test("a memory fraction adds what is allowed", async () => {
    const record = await recordOf(
      "CUDA out of memory. Tried to allocate 2.00 MiB (GPU 0; 8.00 GiB total capacity; 1.00 GiB already allocated; 6.00 GiB free; 1.50 GiB allowed; 1.25 GiB reserved in total by PyTorch)",
    );
    expect(record.details.allowedBytes).toBe(1.5 * GIB);
    expect(record.reservedBytes).toBe(1.25 * GIB);
  });

  test("XPU has no free figure", async () => {
    const text =
      "RuntimeError: XPU out of memory. Tried to allocate 2.25 GiB (GPU 0; 16.00 GiB total capacity; 64.00 MiB already allocated; 128.00 MiB reserved in total by PyTorch)";
    expect(figuresOf(await recordOf(text))).toEqual(
      figures("pytorch-xpu", {
        requestedBytes: 2.25 * GIB,
        gpuIndex: 0,
        totalBytes: 16 * GIB,
        allocatedBytes: 64 * MIB,
        reservedBytes: 128 * MIB,
        reservedKind: "total",
      }),
    );
  });

  test("NPU adds what is active", async () => {
    const record = await recordOf(
      "RuntimeError: NPU out of memory. Tried to allocate 32.00 MiB (NPU 3; 64.00 GiB total capacity; 8.00 GiB already allocated; 7.50 GiB current active; 16.00 MiB free; 9.00 GiB reserved in total by PyTorch)",
    );
    expect(record).toMatchObject({ framework: "pytorch-npu", gpuIndex: 3, freeBytes: 16 * MIB });
    expect(record.details.activeBytes).toBe(7.5 * GIB);
  });

  test("the head may be missing, or the request", async () => {
    const clauses =
      "(GPU 1; 8.00 GiB total capacity; 5.00 GiB already allocated; 2.00 GiB free; 6.00 GiB reserved in total by PyTorch)";
    const reserved = { reservedBytes: 6 * GIB, reservedKind: "total" as const };
    expect(figuresOf(await recordOf(`Tried to allocate 4.00 GiB ${clauses}`))).toEqual(
      figures("pytorch", { ...CARD, ...reserved, requestedBytes: 4 * GIB }),
    );
    expect(figuresOf(await recordOf(clauses))).toEqual(figures("pytorch", { ...CARD, ...reserved }));
  });

  test("a parenthesis that was not closed is read to its end", async () => {
    const record = await recordOf(
      "RuntimeError: CUDA out of memory. Tried to allocate 4.00 GiB (GPU 1; 8.00 GiB total capacity; 5.00 GiB already allocated; 2.00 GiB free; 6.00 GiB reserved in total by PyTorch",
    );
    expect(record.reservedBytes).toBe(6 * GIB);
  });
});

describe("sentences", () => {
  const CARD = { requestedBytes: 1.5 * GIB, gpuIndex: 2, totalBytes: 24 * GIB, freeBytes: 512 * MIB };
  const head = (word: string): string =>
    `torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 2 has a total ${word} of 24.00 GiB of which 512.00 MiB is free.`;
  const tail =
    " Of the allocated memory 20.00 GiB is allocated by PyTorch, and 2.00 GiB is reserved by PyTorch but unallocated.";
  const TAIL = { allocatedBytes: 20 * GIB, reservedBytes: 2 * GIB, reservedKind: "unallocated" as const };

  test.each(["capacty", "capacity"])("without NVML there are no processes (%s)", async (word) => {
    const record = await recordOf(head(word) + tail + ADVICE);
    expect(figuresOf(record)).toEqual(figures("pytorch", { ...CARD, ...TAIL }));
  });

  test("this process is counted apart from those that are named", async () => {
    const record = await recordOf(
      `${head("capacity")} Process 71 has 256.00 MiB memory in use. Including non-PyTorch memory, this process has 22.50 GiB memory in use. Process 72 has 128.00 MiB memory in use.${tail}${ADVICE}`,
    );
    expect(figuresOf(record)).toEqual(
      figures("pytorch", {
        ...CARD,
        ...TAIL,
        processInUseBytes: 22.5 * GIB,
        processScope: "this",
      }),
    );
    expect(record.details.namedProcesses).toEqual([
      { pid: 71, bytes: 256 * MIB },
      { pid: 72, bytes: 128 * MIB },
    ]);
  });

  test("a single process that is named has its own scope", async () => {
    const record = await recordOf(`${head("capacty")} Process 71 has 23.00 GiB memory in use.${tail}`);
    expect(record).toMatchObject({ processInUseBytes: 23 * GIB, processScope: "single_named" });
  });

  test("which of several named processes is this one stays open", async () => {
    const record = await recordOf(
      `${head("capacity")} Process 71 has 23.00 GiB memory in use. Process 72 has 128.00 MiB memory in use.${tail}`,
    );
    expect(record).toMatchObject({ processInUseBytes: null, processScope: null, allocatedBytes: 20 * GIB });
    expect(record.details.namedProcesses).toHaveLength(2);
  });

  test("a cap and private pools are further figures", async () => {
    const record = await recordOf(
      `${head("capacity")} 21.00 GiB allowed; Of the allocated memory 20.00 GiB is allocated by PyTorch, with 48.00 MiB allocated in private pools (e.g., CUDA Graphs), and 2.00 GiB is reserved by PyTorch but unallocated.`,
    );
    expect(figuresOf(record)).toEqual(figures("pytorch", { ...CARD, ...TAIL }));
    expect(record.details).toEqual({ allowedBytes: 21 * GIB, privatePoolBytes: 48 * MIB });
  });

  test.each([
    ["HIP", "pytorch-rocm"],
    ["XPU", "pytorch-xpu"],
    ["MUSA", "pytorch-musa"],
  ])("%s is %s", async (device, framework) => {
    const record = await recordOf((head("capacity") + tail).replace("CUDA", device));
    expect(figuresOf(record)).toEqual(figures(framework, { ...CARD, ...TAIL }));
  });

  test("a text that breaks off inside a figure does not state it", async () => {
    const record = await recordOf(`${head("capacity")} Including non-PyTorch memory, this process has 22.`);
    expect(figuresOf(record)).toEqual(figures("pytorch", CARD));
  });

  test("a text that somebody shortened is read as far as it goes", async () => {
    const text =
      "12:00:00 - ERROR: CUDA out of memory. Tried to allocate 1.50 GiB.\nGPU 2 has a total capacity of 24.00 GiB of which 512.00 MiB is free.\nProcess has 23.50 GiB memory in use.";
    expect(figuresOf(await recordOf(text))).toEqual(
      figures("pytorch", { ...CARD, processInUseBytes: 23.5 * GIB, processScope: "single_named" }),
    );
  });
});

describe("the program around PyTorch", () => {
  const message =
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 64.00 MiB. GPU 0 has a total capacity of 8.00 GiB of which 16.00 MiB is free.";

  test.each([
    `(EngineCore_DP0 pid=88) ${message}`,
    `(VllmWorker rank=1 pid=88) ERROR 01-02 03:04:05 [multiproc_executor.py:7] ${message}`,
    `  File "/opt/venv/lib/python3.12/site-packages/vllm/worker/worker.py", line 7, in run\n    x = y()\n  File "/opt/venv/lib/python3.12/site-packages/torch/nn/modules/linear.py", line 9, in forward\n    return F.linear(x)\n${message}`,
  ])("is vLLM by the process or the traceback, %#", async (text) => {
    expect((await recordOf(text)).framework).toBe("vllm");
  });

  test("is not vLLM because an earlier line speaks of it", async () => {
    expect((await recordOf(`INFO starting vllm.engine\nINFO ready\n${message}`)).framework).toBe("pytorch");
  });
});

describe("cudaMallocAsync", () => {
  const text = (limit: string): string =>
    `torch.cuda.OutOfMemoryError: Allocation on device 1 would exceed allowed memory. (out of memory)\nCurrently allocated     : 6.00 GiB\nRequested               : 3.00 GiB\nDevice limit            : 8.00 GiB\nFree (according to CUDA): 96.00 MiB\nPyTorch limit (set by user-supplied memory fraction)\n                        : ${limit}`;
  const ALL = figures("pytorch-cudaMallocAsync", {
    requestedBytes: 3 * GIB,
    gpuIndex: 1,
    totalBytes: 8 * GIB,
    freeBytes: 96 * MIB,
    allocatedBytes: 6 * GIB,
  });

  test("a limit of 2^64 bytes is none", async () => {
    const record = await recordOf(text("17179869184.00 GiB"));
    expect(figuresOf(record)).toEqual(ALL);
    expect(record.details).toEqual({});
  });

  test("a limit that was set is a further figure", async () => {
    expect((await recordOf(text("7.00 GiB"))).details).toEqual({ allowedBytes: 7 * GIB });
  });
});

describe("MPS", () => {
  test("prints GB for GiB up to 2.5", async () => {
    const record = await recordOf(
      "RuntimeError: MPS backend out of memory (MPS allocated: 6.00 GB, other allocations: 512.00 MB, max allowed: 7.00 GB). Tried to allocate 768.00 MB on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for memory allocations (may cause system failure).",
    );
    expect(figuresOf(record)).toEqual(
      figures("pytorch-mps", { requestedBytes: 768 * MIB, allocatedBytes: 6 * GIB }),
    );
    expect(record.details).toEqual({ otherAllocationsBytes: 512 * MIB, allowedBytes: 7 * GIB });
  });

  test("a buffer that Metal cannot have is a report", async () => {
    expect((await recordOf("RuntimeError: Invalid buffer size: 24.00 GiB")).requestedBytes).toBe(24 * GIB);
  });
});

describe("the host's allocator", () => {
  test.each([
    "RuntimeError: [enforce fail at alloc_cpu.cpp:73] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096000000 bytes. Error code 12 (Cannot allocate memory)",
    "RuntimeError: [enforce fail at ..\\c10\\core\\impl\\alloc_cpu.cpp:72] data. DefaultCPUAllocator: not enough memory: you tried to allocate 4096000000 bytes.",
    "RuntimeError: [enforce fail at CPUAllocator.cpp:64] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096000000 bytes. Buy new RAM!\nIf you meet CUDA out of memory, take a smaller tile.",
  ])("states whole bytes, %#", async (text) => {
    expect(figuresOf(await recordOf(text))).toEqual(
      figures("pytorch-cpu", { requestedBytes: 4_096_000_000 }),
    );
  });

  test("stated whole GiB before, the rest cut off", async () => {
    const record = await recordOf(
      "RuntimeError: $ Torch: not enough memory: you tried to allocate 3GB. Buy new RAM! at TH.cpp:201",
    );
    expect(record.ranges.requestedBytes).toEqual([3 * GIB, 4 * GIB - 1]);
  });

  test("named only the failed call in 1.0", async () => {
    const text =
      "RuntimeError: [enforce fail at CPUAllocator.cpp:56] posix_memalign(&data, gAlignment, nbytes) == 0. 12 vs 0";
    expect(figuresOf(await recordOf(text))).toEqual(figures("pytorch-cpu", {}));
  });
});

describe("errors without a figure", () => {
  test.each([
    "RuntimeError: CUDA error: out of memory",
    "torch.AcceleratorError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
    "RuntimeError: cuda runtime error (2) : out of memory at /pytorch/aten/src/THC/generic/THCStorage.cu:58",
    "torch.OutOfMemoryError: Allocation on device ",
  ])("are reports all the same, %#", async (text) => {
    expect(figuresOf(await recordOf(text))).toEqual(figures("pytorch", {}));
  });

  test.each([
    "If you see RuntimeError: CUDA error: out of memory while sampling, lower the batch size.",
    "handles CUDA out of memory by itself",
    "CUDA out of memory",
  ])("are none in a sentence, %#", async (text) => {
    expect(await recordsOf(text)).toEqual([]);
  });
});
