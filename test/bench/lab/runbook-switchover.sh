#!/bin/sh
# R2 of the runbook as its operators script it: ssh to each host, one step after the other.
# Usage: runbook-switchover.sh OLD NEW, addresses; SSH_COMMAND: ssh with the options of the lab.
set -eu
old=$1 new=$2
on() {
  host=$1
  shift
  # shellcheck disable=SC2086,SC2029
  $SSH_COMMAND "root@$host" "export REDISCLI_AUTH=\$(cat /etc/quantshift/redis-password); $*"
}
offset() { on "$1" "redis-cli info replication" | tr -d '\r' | sed -n "s/^$2://p"; }

on "$old" "systemctl stop quantshift-equity quantshift-crypto"
# Others write on, so the two are never equal: caught up is what was there a moment ago.
reached=$(offset "$old" master_repl_offset)
until [ "$(offset "$new" slave_repl_offset)" -ge "$reached" ]; do :; done
on "$new" "redis-cli replicaof no one"
on "$new" "redis-cli role" | grep -qx master
on "$new" "systemctl start quantshift-equity quantshift-crypto"
on "$old" "redis-cli replicaof $new 6379"
