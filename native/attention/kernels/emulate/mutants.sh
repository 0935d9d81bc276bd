#!/bin/bash
# Breaks the kernels one way at a time and sees whether check.cc notices. A line: file, which occurrence of the text
# (from 1), the text, what takes its place. Prints one line a mutant and ends with 1 if any got through.
# Usage: ./mutants.sh [jobs]
set -u
here=$(cd "$(dirname "$0")" && pwd)
jobs=${1:-4}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/source/emulate"
cp "$here"/../*.cu "$here"/../*.cuh "$here"/../*.h "$work/source/"
cp "$here"/*.h "$here"/*.cc "$work/source/emulate/"

cat >"$work/list" <<'LIST'
flash_sm80.cuh|1|CpAsyncWait<0>();|CpAsyncWait<1>();
flash_sm80.cuh|1|CpAsyncWait<1>();|
flash_sm80.cuh|1|__syncthreads();|
flash_sm80.cuh|2|__syncthreads();|
flash_sm80.cuh|1|(kKeyBytes - stage)|stage
flash_sm80.cuh|1|key_rows -= kN;|
flash_sm80.cuh|1|key_offset += static_cast<long long>(kN) * head_dim;|
flash_sm80.cuh|1|params.lse + first_query|params.lse
flash_sm80.cuh|1|tokens - tile.first_row - warp_row|tokens
flash_sm75.cuh|1|__syncthreads();|
flash_sm75.cuh|2|__syncthreads();|
flash_sm75.cuh|3|__syncthreads();|
flash_sm75.cuh|4|__syncthreads();|
flash_sm75.cuh|5|__syncthreads();|
flash_fp32.cuh|1|__syncthreads();|
flash_fp32.cuh|2|__syncthreads();|
flash_fp32.cuh|3|__syncthreads();|
flash_fp32.cuh|4|__syncthreads();|
flash_fp32.cuh|1|x + 16 * j >= end|x + 16 * j > end
flash_warp.cuh|1|key_reg[0], key_reg[1]|key_reg[0], key_reg[2]
flash_warp.cuh|1|value_reg[2], value_reg[3]|value_reg[3], value_reg[2]
flash_warp.cuh|1|LdMatrixX4Trans(|LdMatrixX4(
flash_warp.cuh|1|left[2], left[3]|right[0], right[1]
flash_warp.cuh|1|+ e >= end|+ e > end
flash_warp.cuh|1|sum = row_sum[i][half] * shrink|sum = row_sum[i][half]
flash_warp.cuh|1|out_reg[i][d][2 * half] *= shrink;|
flash_warp.cuh|1|__shfl_xor_sync(0xffffffff, largest, 2)|largest
flash_warp.cuh|1|__syncwarp();|
flash_warp.cuh|1|row < valid_rows && chunk|chunk
flash_warp.cuh|1|&& chunk * 8 < head_dim|
tile.cuh|1|in_row && FirstRow() + pass * kRowsPerPass < valid_rows|in_row
tile.cuh|1|pass * kRowsPerPass < rows|true
tile.cuh|1|Chunk() * 8 < valid_columns|true
tile.cuh|1|Chunk() * 8 < head_dim|true
tile.cuh|1|a[0], a[1], b0|a[0], a[2], b0
tile.cuh|1|(lane & 7) + (lane >> 4) * 8, (lane >> 3) & 1|(lane & 7) + (lane >> 3) * 8 % 16, (lane >> 4) & 1
work.cuh|1|head % params.heads / group|head % params.kvHeads
work.cuh|1|(first_row + 1) / kKeyRows|(first_row + kKeyRows) / kKeyRows
work.cuh|1|block < heads * tiles|true
work.cuh|1|static_cast<long long>(blockIdx.y) * gridDim.x|0
work.cuh|1|tiles - 1 - block / heads|block / heads % 2
naive.cuh|1|__syncthreads();|
naive.cuh|2|__syncthreads();|
naive.cuh|3|__syncthreads();|
naive.cuh|4|__syncthreads();|
naive.cuh|5|__syncthreads();|
naive.cuh|6|__syncthreads();|
naive.cuh|7|__syncthreads();|
naive.cuh|8|__syncthreads();|
softmax.cuh|1|__syncthreads();|
naive.cuh|1|CpAsyncWait<0>();|
naive.cuh|2|CpAsyncWait<0>();|
naive.cuh|1|column > row|column >= row
softmax.cuh|1|row.sum > 0.0f ? row.largest : 0.0f|row.largest
LIST

try_mutant() {
  local number=$1 file=$2 nth=$3 old=$4 new=$5 folder=$work/$1
  cp -r "$work/source" "$folder"
  if ! OLD=$old NEW=$new NTH=$nth perl -0pi -e \
    '$n = 0; $done = s/\Q$ENV{OLD}\E/++$n == $ENV{NTH} ? $ENV{NEW} : $&/ge; END { exit($n >= $ENV{NTH} ? 0 : 3) }' \
    "$folder/$file"; then
    echo "STALE   $file #$nth: $old"
    return
  fi
  if ! g++ -std=c++17 -O2 -w -DBYTESPER_EMULATE -I"$folder" "$folder/emulate/check.cc" "$folder/emulate/machine.cc" \
    -o "$folder/check" 2>/dev/null; then
    echo "INVALID $file #$nth: $old -> $new"
  elif timeout 900 "$folder/check" --stop >"$folder/log" 2>&1; then
    echo "MISSED  $file #$nth: $old -> $new"
  else
    echo "caught  $file #$nth: $old -> $new [$(grep -m1 -o 'FAIL [^;]*' "$folder/log" | cut -c6-90)]"
  fi
  rm -rf "$folder"
}

number=0
while IFS='|' read -r file nth old new; do
  number=$((number + 1))
  try_mutant "$number" "$file" "$nth" "$old" "$new" &
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
done <"$work/list" | tee "$work/report"
wait
! grep -qv '^caught' "$work/report"
