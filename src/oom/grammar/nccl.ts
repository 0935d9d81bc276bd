import type { SpokenFramework } from "./framework.js";

export const nccl: SpokenFramework = {
  name: "nccl",
  title: "NCCL",
  memory: "device",
  messages: [
    {
      text: "[{whole:gpuIndex}] {word:_file} NCCL WARN Failed to CUDA calloc <<async >>{whole:requestedBytes} bytes",
      means: ["card-full", "NCCL wanted {requested} of the card for its buffers, and they were not free."],
    },
    {
      text: "[{whole:gpuIndex}] {word:_file} NCCL WARN <<Cuda failure||CUDA failure>> <<2 >>'out of memory'",
      means: ["card-full", "NCCL got no memory of the card for its buffers."],
      stands: "free",
    },
    {
      text: "Failed to CUDA calloc <<async >>{whole:requestedBytes} bytes",
      means: ["card-full", "NCCL wanted {requested} of the card for its buffers, and they were not free."],
    },
    {
      text: "Cuda failure <<2 >>'out of memory'",
      means: ["card-full", "NCCL got no memory of the card for its buffers."],
      stands: "free",
    },
    {
      text: "Failed to CUDA host alloc {whole:requestedBytes} bytes",
      means: ["host-memory", "NCCL wanted {requested} of pinned main memory, and they were refused."],
      details: { onHost: true },
    },
    {
      text: "Error while creating shared memory segment {word:_segment} (size {whole:requestedBytes})",
      means: ["shared-memory", "NCCL could not create a segment of {requested} in /dev/shm, which is full."],
      details: { onHost: true },
    },
  ],
  advice: [
    {
      for: ["shared-memory"],
      do: "Give the container a larger /dev/shm",
      paste: "docker run --shm-size=1g --ulimit memlock=-1 ...",
    },
    {
      for: ["host-memory"],
      do: "Allow more locked memory",
      paste: "ulimit -l unlimited   (docker run --ulimit memlock=-1)",
    },
    {
      do: "Leave room on the card beside the framework's allocator: a smaller batch, or a smaller fraction for it",
      paste: "torch.cuda.set_per_process_memory_fraction(0.92)",
      why: "NCCL allocates beside PyTorch's allocator and cannot use what that one has reserved.",
    },
    {
      do: "Let NCCL use fewer and smaller buffers",
      paste: "NCCL_MAX_NCHANNELS=4 NCCL_BUFFSIZE=1048576",
    },
    {
      do: "Check that each rank uses its own card (torch.cuda.set_device(local_rank) before the first CUDA call)",
      why: "Ranks that all open card 0 fill it with contexts of some 0.5 GiB each.",
    },
  ],
};
