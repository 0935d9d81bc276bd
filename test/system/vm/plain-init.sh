#!/bin/sh
# The first process of the virtual machine without systemd: cgroup v2 is the only hierarchy. The steps stand for the
# places in which bytesper may be started.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
cd /

groups=/sys/fs/cgroup
step() {
  /bytesper/bin/node /bytesper/dist/runner/limits/main.mjs "$@"
}
# In a group: the shell joins it and becomes the step.
step_in() {
  group=$1
  shift
  sh -c 'echo 0 > "$0/cgroup.procs" && exec /bytesper/bin/node /bytesper/dist/runner/limits/main.mjs "$@"' \
    "$group" "$@"
}

# At the hierarchy's root, which may hand controllers down beside its own processes.
step root scenarios cgroup-v2

# Alone in a group, as in a container: the runner has to move.
mkdir $groups/alone
step_in $groups/alone alone works

# Beside others, below a group that hands the controller down.
mkdir $groups/slice $groups/slice/session
echo +memory > $groups/slice/cgroup.subtree_control
sleep 1000 &
echo $! > $groups/slice/session/cgroup.procs
step_in $groups/slice/session beside works

# The same with a limit on the session, which cells must not escape.
echo 1073741824 > $groups/slice/session/memory.max
step_in $groups/slice/session limited ladder
kill $!

# Without rights, in a group that was handed over.
mkdir $groups/home
echo +memory > $groups/home/cgroup.subtree_control
mkdir $groups/home/user
chown -R 1000 $groups/home/user
sh -c 'echo 0 > "$0/cgroup.procs" && exec setpriv --reuid 1000 --clear-groups \
  /bytesper/bin/node /bytesper/dist/runner/limits/main.mjs unprivileged works' $groups/home/user
# Without rights and with nothing handed over.
mkdir $groups/stranger
sh -c 'echo 0 > "$0/cgroup.procs" && exec setpriv --reuid 1000 --clear-groups \
  /bytesper/bin/node /bytesper/dist/runner/limits/main.mjs stranger ladder' $groups/stranger

# A runner that is killed leaves a cell in which something still lives.
/bytesper/bin/node /bytesper/dist/runner/limits/main.mjs root abandon > /tmp/abandoned &
runner=$!
until grep -q abandoned /tmp/abandoned; do sleep 0.2; done
group=$(echo $groups/bytesper-$runner-*/abandoned)
sleep 1000 &
left=$!
echo $left > "$group/cgroup.procs"
kill -9 $runner
wait $runner 2> /dev/null
cat /tmp/abandoned
step root stale
wait $left 2> /dev/null
echo "BYTESPER {\"name\":\"root\",\"figure\":\"left\",\"status\":$?,\"groupIsThere\":$([ -e "$group" ] && echo true || echo false)}"

echo "BYTESPER {\"figure\":\"end\"}"
echo o > /proc/sysrq-trigger
sleep 60
