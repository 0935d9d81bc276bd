import type { SpokenFramework } from "./framework.js";

const SMALLER = {
  do: "Lower the size of textures, the resolution, and the number of assets that are loaded at once",
};

export const unity: SpokenFramework = {
  name: "unity",
  title: "Unity",
  memory: "host",
  reach: 700,
  messages: [
    {
      text: "Could not allocate memory: System out of memory! Trying to allocate: {size:requestedBytes} with {whole:_alignment} alignment. MemoryLabel: {word:reason}",
      means: ["host-memory", "The system gave Unity no {requested} more (for {reason})."],
    },
    {
      text: "Could not get memory for large allocation {whole:requestedBytes}",
      means: ["host-memory", "The system gave Unity no {requested} in one piece."],
    },
    {
      text: "Could not allocate memory: System out of memory!",
      means: ["host-memory", "The system gave Unity no more memory."],
      stands: "free",
    },
  ],
  advice: [
    SMALLER,
    {
      do: "Read the overview that Unity prints below: the allocator that has most used is the one to look at (ALLOC_DEFAULT is game data, ALLOC_GFX textures and meshes)",
    },
    { do: "Build for 64 bits, and give the server or phone more memory" },
  ],
};

export const unreal: SpokenFramework = {
  name: "unreal",
  title: "Unreal Engine",
  memory: "host",
  messages: [
    {
      text: "Ran out of memory allocating {whole:requestedBytes} bytes with alignment {whole:_alignment}<<. Last error msg: The paging file is too small for this operation to complete>>",
      means: [
        "host-memory",
        "The system gave the engine no {requested} more: main memory, on Windows memory and page file together.",
      ],
    },
  ],
  advice: [
    {
      do: "On Windows, enlarge the page file (System, Advanced, Performance, Virtual memory), and put it on a disk with room",
    },
    { do: "Build or cook with fewer processes at once", paste: "-MaxParallelActions=4" },
    SMALLER,
  ],
};

export const wgpu: SpokenFramework = {
  name: "wgpu",
  title: "a program with wgpu (WebGPU)",
  memory: "device",
  messages: [
    {
      text: "In Device::create_{word:call} Not enough memory left",
      means: ["card-full", "The card refused a buffer or texture ({call}); the text states no figure."],
    },
    {
      text: "Device::create_{word:call} error: Not enough memory left",
      means: ["card-full", "The card refused a buffer or texture ({call}); the text states no figure."],
    },
    {
      text: "wgpu error: Out of Memory",
      means: ["card-full", "The card has no more memory for the program; the text states no figure."],
      stands: "free",
    },
  ],
  advice: [SMALLER, { do: "Close what else uses the card, and other tabs of the browser" }],
};

export const openGl: SpokenFramework = {
  name: "opengl",
  title: "a program with OpenGL",
  memory: "device",
  general: true,
  messages: [
    {
      text: "GL_OUT_OF_MEMORY error generated",
      means: ["card-full", "The driver got no more memory for OpenGL; the text states no figure."],
      stands: "free",
    },
    {
      text: "[GL] GL_OUT_OF_MEMORY",
      means: ["card-full", "The driver got no more memory for OpenGL; the text states no figure."],
      stands: "free",
    },
    {
      text: "0x0505 GL_OUT_OF_MEMORY",
      means: ["card-full", "The driver got no more memory for OpenGL; the text states no figure."],
      stands: "free",
    },
    {
      text: "OpenGL error: out of memory",
      means: ["card-full", "The driver got no more memory for OpenGL; the text states no figure."],
      stands: "end",
    },
  ],
  advice: [SMALLER, { do: "Close what else uses the card; drivers also give it when main memory is full" }],
};

export const imagemagick: SpokenFramework = {
  name: "imagemagick",
  title: "ImageMagick",
  memory: "host",
  messages: [
    {
      text: "cache resources exhausted {any:400}@ error/cache.c/",
      means: [
        "own-limit",
        "The pixels need more than ImageMagick's limits of memory, map and disk together allow.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Raise the limits",
      paste: "convert -limit memory 2GiB -limit map 4GiB -limit disk 8GiB -limit area 1GP ...",
      why: "Limits on the command line cannot exceed those in policy.xml; an area of W by H pixels needs 8 bytes a pixel or more.",
    },
    { do: "Raise them in policy.xml", paste: '<policy domain="resource" name="disk" value="8GiB"/>' },
    { do: "Show what is allowed", paste: "identify -list resource" },
  ],
};

export const lammps: SpokenFramework = {
  name: "lammps",
  title: "LAMMPS",
  memory: "host",
  messages: [
    {
      text: "on proc {whole:rank}: Failed to <<allocate||reallocate>> {whole:requestedBytes} bytes for array {word:reason}",
      means: ["host-memory", "Rank {rank} of LAMMPS was refused {requested} for its array {reason}."],
    },
    {
      text: "on proc {whole:rank}: Failed to <<allocate||reallocate>> -{whole:_overflow} bytes for array {word:reason}",
      means: [
        "absurd-request",
        "Rank {rank} of LAMMPS computed a negative size for its array {reason}: a number grew beyond its type, not the memory.",
      ],
    },
    {
      text: "Insufficient memory on accelerator",
      means: ["card-full", "The card has too little memory for the atoms of one process."],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["absurd-request"],
      do: "Use more processes, so that each has fewer atoms and neighbours, or a build with larger numbers",
      paste: "cmake -D LAMMPS_SIZES=bigbig",
    },
    {
      for: ["host-memory", "card-full"],
      do: "Use more nodes, so that each process has fewer atoms; or fewer processes a node",
      paste: "mpirun -np 256 --map-by ppr:16:node lmp -in FILE",
    },
    { do: "Lower the cutoff or the skin, which set the number of neighbours", paste: "neighbor 1.0 bin" },
  ],
};

export const star: SpokenFramework = {
  name: "star",
  title: "the aligner STAR",
  memory: "host",
  reach: 260,
  messages: [
    {
      text: "limitGenomeGenerateRAM={whole:limitBytes}is too small for your genome SOLUTION: please specify<< -->>limitGenomeGenerateRAM not less than {whole:wantedBytes}",
      means: ["own-limit", "The index of the genome needs {wanted}; STAR was allowed {limit}."],
    },
    {
      text: "limitGenomeGenerateRAM={whole:limitBytes}is too small for your genome",
      means: ["own-limit", "The index of the genome needs more than the {limit} that STAR was allowed."],
    },
    {
      text: "not enough memory for BAM sorting",
      means: ["own-limit", "Sorting needs more memory than STAR was allowed."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Allow it what it names, on a machine that has it (a blank, no sign of equality)",
      paste: ({ record: { details } }) => `--limitGenomeGenerateRAM ${details.wantedBytes ?? 60_000_000_000}`,
    },
    {
      do: "Use the primary assembly and not the toplevel file, and a sparser index",
      paste: "--genomeSAsparseD 2 --genomeChrBinNbits 15",
    },
  ],
};
