#!/bin/bash
# Breaks the kernels one way at a time and sees whether check.cc notices. A line: file, which occurrence of the text
# (from 1), the text, what takes its place. Prints one line a mutant and ends with 1 if any got through.
# Usage: ./mutants.sh [jobs] [REGEX of "file|occurrence|text", to try some alone]
set -u
here=$(cd "$(dirname "$0")" && pwd)
jobs=${1:-4}
files=${2:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kernels=$here/../../../native/attention/kernels
mkdir -p "$work/source/emulate"
cp "$kernels"/*.cu "$kernels"/*.cuh "$kernels"/*.h "$work/source/"
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
flash_sm90.cuh|1|MbarrierWait(smem + empty, parity ^ 1);|
flash_sm90.cuh|1|parity ^ 1|parity
flash_sm90.cuh|1|MbarrierArriveExpect(smem + full, rows * kDim * 2)|MbarrierArriveExpect(smem + full, rows * kDim)
flash_sm90.cuh|1|MbarrierArriveExpect(smem + full, rows * kDim * 2);|MbarrierArrive(smem + full);
flash_sm90.cuh|1|half * rows * S::kRowBytes|half * S::kRowBytes
flash_sm90.cuh|1|half * kSm90BoxColumns|0
flash_sm90.cuh|1|fill_keys(count + 1, first_key - S::kN)|fill_keys(count + 1, first_key)
flash_sm90.cuh|1|fill_values(count, first_key)|fill_values(count, first_key - S::kN)
flash_sm90.cuh|1|++count;|
flash_sm90.cuh|2|++count;|
flash_sm90.cuh|3|++count;|
flash_sm90.cuh|1|ParityOf<1>(round), S::kQueryFull|0, S::kQueryFull
flash_sm90.cuh|1|return count / kStages % 2|return count / (2 * kStages) % 2
flash_sm90.cuh|1|blocks - 1 - place|blocks - 2 - place
flash_sm90.cuh|1|at < heads * tiles|at <= heads * tiles
flash_sm90.cuh|1|head % params.heads / (params.heads / params.kvHeads)|head % params.kvHeads
flash_sm90.cuh|1|uint64_t{leading >> 4} << 16|uint64_t{leading >> 5} << 16
flash_sm90.cuh|1|uint64_t{1024 >> 4} << 32|uint64_t{2048 >> 4} << 32
flash_sm90.cuh|1|uint64_t{1} << 62|uint64_t{2} << 62
flash_sm90.cuh|1|MbarrierWait(smem + full + 8|if (count % 2 == 0) MbarrierWait(smem + full + 8
flash_sm90.cuh|1|if (LaneOfThread() == 0) MbarrierArrive(smem + empty|if (LaneOfThread() == 0 && count % 3 != 2) MbarrierArrive(smem + empty
flash_sm90.cuh|1|if (LaneOfThread() == 0) MbarrierArrive(smem + empty|MbarrierArrive(smem + empty
flash_sm90.cuh|1|NamedBarrierWait(1 + warpgroup, 256);|
flash_sm90.cuh|1|NamedBarrierArrive(1 + (warpgroup + 1 == S::kConsumers ? 0 : warpgroup + 1), 256);|
flash_sm90.cuh|1|warpgroup + 1 == S::kConsumers ? 0 : warpgroup + 1|warpgroup
flash_sm90.cuh|1|warpgroup * 64 * S::kRowBytes|0
flash_sm90.cuh|1|d / 4 * S::kM * S::kRowBytes|d / 4 * S::kRowBytes
flash_sm90.cuh|1|d / 4 * kN * S::kRowBytes|d / 4 * S::kRowBytes
flash_sm90.cuh|1|d % 4 * 32|d % 4 * 64
flash_sm90.cuh|1|in_row), d > 0|in_row), true
flash_sm90.cuh|1|StageOf<S::kStages>(count) * S::kKeyBytes, 0|0, 0
flash_sm90.cuh|1|StageOf<S::kStages>(count - 1)|StageOf<S::kStages>(count)
flash_sm90.cuh|1|S::kKeyBytes, kN * S::kRowBytes|S::kKeyBytes, kN * 64
flash_sm90.cuh|1|n * 16 * S::kRowBytes|n * 8 * S::kRowBytes
flash_sm90.cuh|1|WgmmaFence();|
flash_sm90.cuh|2|WgmmaFence();|
flash_sm90.cuh|1|WgmmaCommit();|
flash_sm90.cuh|2|WgmmaCommit();|
flash_sm90.cuh|1|n * 8 + e >= hidden|n * 8 + e > hidden
flash_sm90.cuh|1|WarpOfThread() % 4 * 16 + half * 8|WarpOfThread() % 4 * 16
flash_sm90.cuh|1|kMasked && largest == -INFINITY ? 0.0f : largest * scale_log2|largest * scale_log2
flash_sm90.cuh|1|__shfl_xor_sync(0xffffffff, largest, 2)|largest
flash_sm90.cuh|1|row_sum[half] * shrink[half] + sum|row_sum[half] + sum
flash_sm90.cuh|1|scores_reg[n * 8 + 2 * pair], scores_reg[n * 8 + 2 * pair + 1]|scores_reg[n * 8 + 2 * pair + 1], scores_reg[n * 8 + 2 * pair]
flash_sm90.cuh|1|out_reg[n * 4 + 2 * half] *= shrink[half];|
flash_sm90.cuh|1|Await(S::kKeyFull, count);|
flash_sm90.cuh|2|Await(S::kKeyFull, count);|
flash_sm90.cuh|1|Await(S::kValueFull, count - 1);|
flash_sm90.cuh|2|Await(S::kValueFull, count - 1);|
flash_sm90.cuh|1|MbarrierWait(smem + S::kQueryFull, query_parity);|
flash_sm90.cuh|1|WaitForTurn();|
flash_sm90.cuh|1|PassTurn();|
flash_sm90.cuh|1|WgmmaWait<1>();|
flash_sm90.cuh|1|WgmmaWait<0>();|
flash_sm90.cuh|2|WgmmaWait<0>();|
flash_sm90.cuh|3|WgmmaWait<0>();|
flash_sm90.cuh|1|Leave(S::kKeyEmpty, count);|
flash_sm90.cuh|2|Leave(S::kKeyEmpty, count);|
flash_sm90.cuh|1|Leave(S::kValueEmpty, count - 1);|
flash_sm90.cuh|2|Leave(S::kValueEmpty, count - 1);|
flash_sm90.cuh|1|IssueValues();|Leave(S::kValueEmpty, count - 1); IssueValues();
flash_sm90.cuh|1|if (kMasked) Mask(end);|
flash_sm90.cuh|1|if (block >= unmasked) Mask(end());|
flash_sm90.cuh|1|first_row + 1 : tokens) / kN|first_row + 64 : tokens) / kN
flash_sm90.cuh|1|first_row + 1 : tokens) - block * kN|first_row + 2 : tokens) - block * kN
flash_sm90.cuh|1|first_row + 1 : tokens) - block * kN|first_row : tokens) - block * kN
flash_sm90.cuh|1|block > 0 && block > unmasked|block > 0 && block > unmasked + 1
flash_sm90.cuh|1|MbarrierArrive(smem + S::kQueryEmpty);|
flash_sm90.cuh|1|MbarrierInit(smem + S::kQueryEmpty, S::kConsumerWarps);|MbarrierInit(smem + S::kQueryEmpty, S::kConsumerWarps - 1);
flash_sm90.cuh|1|MbarrierInit(smem + S::kKeyEmpty + 8 * stage, S::kConsumerWarps);|MbarrierInit(smem + S::kKeyEmpty + 8 * stage, S::kConsumerWarps - 1);
flash_sm90.cuh|1|MbarrierInit(smem + S::kValueEmpty + 8 * stage, S::kConsumerWarps);|MbarrierInit(smem + S::kValueEmpty + 8 * stage, 1);
flash_sm90.cuh|1|MbarrierInitFence();|
flash_sm90.cuh|1|__syncthreads();|
flash_sm90.cuh|1|if (warpgroup == S::kConsumers) consumer.PassTurn();|
flash_sm90.cuh|1|if (warpgroup == 1) consumer.WaitForTurn();|
flash_sm90.cuh|1|MbarrierInit(smem + S::kQueryFull, 1)|MbarrierInit(smem + S::kQueryFull, 2)
flash_sm90.cuh|1|TakeRegisters<S::kConsumerRegisters>();|TakeRegisters<S::kConsumerRegisters + 16>();
flash_sm90.cuh|1|GiveRegistersBack<S::kProducerRegisters>();|
flash_sm90.cuh|1|S::kKeys + stage * S::kKeyBytes|S::kKeys
tensor_maps.h|1|a.k, a.kvHeads, tile.keyRows|a.k, a.kvHeads, tile.queryRows
tensor_maps.h|1|row_bytes * static_cast<uint64_t>(a.tokens)}|row_bytes * 128}
flash_sm90.cuh|1|row < valid_rows && column|column
flash_sm90.cuh|1|&& column < head_dim|
flash_sm90.cuh|1|lane % 4 == 0 && row < valid_rows|lane % 4 == 0
flash_sm90.cuh|1|(n + lane % 4) * 8|(n + lane / 8) * 8
flash_sm90.cuh|1|upper ? low : high|upper ? high : low
flash_sm90.cuh|1|if (upper) low = got;|
flash_sm90.cuh|1|if (!upper) high = got;|
flash_sm90.cuh|1|if ((i & distance) != 0) continue;|if ((i & distance) == 0) continue;
flash_sm90.cuh|1|row_max[half] == largest ? 1.0f|row_max[half] <= largest ? 1.0f
flash_sm90.cuh|1|(row_max[half] - largest) * scale_log2|(row_max[half] - largest)
flash_sm90.cuh|1|if (shrink[half] == 1.0f) continue;|if (shrink[half] > 0.5f) continue;
flash_sm90.cuh|1|query_parity ^ static_cast|1 ^ query_parity ^ static_cast
flash_sm90.cuh|1|GiveRegistersBack<S::kProducerRegisters>();|GiveRegistersBack<S::kProducerRegisters + 8>();
emulate/check_sm90.cc|1|FenceProxyAsync();|
emulate/hopper_machine.cc|1|std::memcpy(async_shared, SharedBase(), static_cast<size_t>(CurrentLaunch().shared_bytes));|
emulate/hopper_machine.cc|1|free_registers -= missing;|
decode.cuh|1|token - (index << params.page_shift)|token
decode.cuh|1|page & ((1LL << params.slab_shift) - 1)|page
decode.cuh|1|params.slabs[page >> params.slab_shift]|params.slabs[page]
decode.cuh|1|params.table_width + index|params.table_width
decode.cuh|1|in_slab * params.page_bytes|in_slab * (params.page_bytes / 2)
decode.cuh|1|static_cast<long long>(kv_head) * params.page_tokens + in_page|in_page
decode.cuh|1|first + row < end|first + row <= end
decode.cuh|1|valid ? first + row : end - 1|first + row
decode.cuh|1|key_gmem + to_values, valid|key_gmem, valid
decode.cuh|1|key >= valid_keys|key > valid_keys
decode.cuh|1|largest == -INFINITY ? 0.0f : largest|largest
decode.cuh|1|row_sum[h] *= shrink;|
decode.cuh|1|if (LaneOfThread() % kKeyLanes == 0) shrink_smem[first_head + h] = shrink;|
decode.cuh|1|distance = kKeyLanes / 2|distance = kKeyLanes / 4
decode.cuh|1|distance = Warp::kKeyLanes / 2|distance = Warp::kKeyLanes / 4
decode.cuh|1|out_reg[h][c] *= shrink_smem[h];|out_reg[h][c] *= 1.0f;
decode.cuh|1|+ LaneOfThread() * kBytes % 16;|;
decode.cuh|1|__syncwarp();|
decode.cuh|1|__syncthreads();|
decode.cuh|2|__syncthreads();|
decode.cuh|3|__syncthreads();|
decode.cuh|1|CpAsyncWait<1>();|
decode.cuh|1|CpAsyncWait<1>();|CpAsyncWait<2>();
decode.cuh|1|1 - stage, first|stage, first
decode.cuh|1|stage = 1 - stage;|
decode.cuh|1|min(group - head_tile * kDecodeHeads, kDecodeHeads)|kDecodeHeads
decode.cuh|1|kv_head * group + head_tile * kDecodeHeads|kv_head * group
decode.cuh|1|begin + params.part_tokens)|begin + params.part_tokens + 1)
decode.cuh|1|params.part_sum[(first_row + thread) * params.parts + part] = 0.0f;|
decode.cuh|1|if (rest >= params.sequences) return;|
decode.cuh|1|params.scale * key_scale|params.scale
decode.cuh|1|= out * value_scale|= out
decode.cuh|1|scales[params.kvHeads + kv_head]|scales[kv_head]
decode.cuh|1|fmaf(weight, sum_smem[|fmaf(1.0f, sum_smem[
decode.cuh|1|fmaf(weight, out_smem[|fmaf(1.0f, out_smem[
decode.cuh|1|if (sum_gmem[part] > 0.0f) {|{
decode.cuh|1|if (row >= static_cast<long long>(params.sequences) * params.heads) return;|
decode.cuh|1|Exp2Approx(max_gmem[part] - largest), sum_gmem|1.0f, sum_gmem
decode.cuh|1|Exp2Approx(max_gmem[part] - largest), part_gmem|1.0f, part_gmem
decode.cuh|1|largest * 0.6931471805599453f + logf(sum)|logf(sum)
decode.cuh|1|i < params.chunks; i += stride|i + stride < params.chunks; i += stride
fp8.h|1|rest < 8u|rest < 7u
fp8.h|1|0x7fc00000u & is_nan|0
fp8.h|1|(rest >> 20 & 1u)|1u
fp8.h|1|rest >= 0x43e00000u|rest >= 0x44000000u
LIST

# BYTESPER_FEWER leaves out instantiations whose text is the same, for most of the time goes into compiling.
flags=(-std=c++17 -O1 -w -DBYTESPER_EMULATE -DBYTESPER_FEWER)
for part in machine hopper_machine; do
  g++ "${flags[@]}" -O2 -I"$work/source" -c "$work/source/emulate/$part.cc" -o "$work/$part.o"
done

try_mutant() {
  local number=$1 file=$2 nth=$3 old=$4 new=$5 folder=$work/$1
  local check=check
  case $file in
  flash_sm90.cuh | tensor_maps.h | emulate/*) check=check_sm90 ;;
  decode.cuh | fp8.h) check=check_decode ;;
  esac
  cp -r "$work/source" "$folder"
  if ! OLD=$old NEW=$new NTH=$nth perl -0pi -e \
    '$n = 0; $done = s/\Q$ENV{OLD}\E/++$n == $ENV{NTH} ? $ENV{NEW} : $&/ge; END { exit($n >= $ENV{NTH} ? 0 : 3) }' \
    "$folder/$file"; then
    echo "STALE   $file #$nth: $old"
    return
  fi
  local machine=("$work/machine.o" "$work/hopper_machine.o")
  case $file in emulate/hopper_machine.cc) machine=("$work/machine.o" "$folder/emulate/hopper_machine.cc") ;; esac
  if ! g++ "${flags[@]}" -I"$folder" "$folder/emulate/$check.cc" "${machine[@]}" -o "$folder/check" 2>/dev/null; then
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
  [[ "$file|$nth|$old" =~ $files ]] || continue
  number=$((number + 1))
  try_mutant "$number" "$file" "$nth" "$old" "$new" &
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
done <"$work/list" | tee "$work/report"
wait
! grep -qv '^caught' "$work/report"
