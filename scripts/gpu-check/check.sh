#!/bin/sh
# Builds the checks with g++ and runs them; needs no network and no Node. Writes gpu-check.json and gpu-check.md beside
# this file, or into the folder that is given. The exit code is 1 if a step failed.
#   check.sh [--budget SECONDS] [--out FOLDER] [--only STEP,STEP]
here=$(cd "$(dirname "$0")" && pwd) || exit 2
native=$here/native
sources="attention/cuda_attention attention/cuda_choice attention/cuda_decode attention/cuda_work
  attention/decode_problem attention/problem attention/normal attention/reference
  cuda/api cuda/device cuda/fat_binary pool/cuda_pool dynamic_library nvml_library"
files=
for source in $sources; do files="$files $native/$source.cc"; done
g++ -std=c++17 -O2 -w -o "$here/steps" "$here/steps.cc" || exit 2
# shellcheck disable=SC2086
g++ -std=c++17 -O2 -w -I"$native" -o "$here/kernels" "$here/kernels.cc" "$here/decode.cc" "$here/parallel_std.cc" $files -ldl -lpthread || exit 2
exec "$here/steps" "$here" "$@"
