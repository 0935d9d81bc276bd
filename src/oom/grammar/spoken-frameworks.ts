import { lsf, pbs } from "./batch-systems.js";
import { compiler, git, llvm } from "./builds.js";
import { dask } from "./dask.js";
import { clickhouse, duckdb, elasticsearch, mongodb, mysql, postgresql, redis, trino } from "./databases.js";
import { dataloader } from "./dataloader.js";
import type { SpokenFramework } from "./framework.js";
import {
  blender,
  cudaProgram,
  faiss,
  hipProgram,
  lightgbm,
  mindspore,
  mxnet,
  numba,
  nvenc,
  opencl,
  opencv,
  physx,
  pycuda,
  rmm,
  vulkanProgram,
  xgboost,
} from "./gpu-libraries.js";
import { celery, gradle, gunicorn, joblib, killed } from "./killed.js";
import { kubernetes } from "./kubernetes.js";
import { dotnet, erlang, go, julia, matlab, nativeAlloc, ocaml, php, r, ruby, rust } from "./languages.js";
import { nccl } from "./nccl.js";
import { awsLambda, cloudRun, heroku, windows } from "./platforms.js";
import { ray } from "./ray.js";
import { sglang } from "./sglang.js";
import { slurm } from "./slurm.js";
import { bitsandbytes, exllama, mlx } from "./small-llm.js";
import { earlyoom, systemd, systemdOomd } from "./systemd.js";
import { tensorrt, tensorrtLlm } from "./tensorrt.js";
import { tgi } from "./tgi.js";
import { triton } from "./triton.js";
import { yarn } from "./yarn.js";

/** Frameworks whose messages are written as they print them; the ones that name themselves come first. */
export const SPOKEN: readonly SpokenFramework[] = [
  slurm,
  pbs,
  lsf,
  kubernetes,
  ray,
  dask,
  yarn,
  systemdOomd,
  earlyoom,
  systemd,
  dataloader,
  sglang,
  tensorrtLlm,
  tensorrt,
  tgi,
  triton,
  nccl,
  bitsandbytes,
  exllama,
  mlx,
  postgresql,
  mysql,
  redis,
  clickhouse,
  elasticsearch,
  mongodb,
  duckdb,
  trino,
  rmm,
  xgboost,
  lightgbm,
  nvenc,
  faiss,
  opencv,
  mxnet,
  physx,
  mindspore,
  pycuda,
  numba,
  opencl,
  blender,
  go,
  rust,
  julia,
  r,
  php,
  dotnet,
  erlang,
  ruby,
  ocaml,
  matlab,
  compiler,
  llvm,
  git,
  awsLambda,
  heroku,
  cloudRun,
  windows,
  gunicorn,
  celery,
  joblib,
  gradle,
  killed,
  cudaProgram,
  hipProgram,
  vulkanProgram,
  nativeAlloc,
];
