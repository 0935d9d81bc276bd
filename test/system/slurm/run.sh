#!/bin/sh
# Installs what a Slurm of one node needs (Debian, as root) and runs the tests against it. Nothing is started outside
# of the tests, which end what they start.
set -eu
cd "$(dirname "$0")/../../.."

packages="munge slurmctld slurmd slurm-client"
missing=""
for package in $packages; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt-get update -qq
  # The services of the packages are not wanted: the tests start daemons of their own.
  # shellcheck disable=SC2086 # the list is meant to be split
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
exec node scripts/setup.mjs -- vitest run --config vitest.long.config.ts test/system/slurm test/system/executors "$@"
