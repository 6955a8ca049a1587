#!/bin/sh
# The supervisor of one unit of the local host: runs its command in a session of its own, writes down how it
# ended, and runs it again when Restart= says so. It outlives the controller that started it.
#   local-unit.sh RECORD RESTART RESTART_SECONDS STOP_SECONDS COMMAND [ARGUMENT…]
# It begins when it reads "go" from stdin: a controller that dies before that has started nothing.
# SIGTERM tells it not to start the command again; whoever sends it ends the command too.
# RECORD is replaced as a whole at every change: see controller/local-host/unit-record.ts.
# Names begin with us_: the rest of the environment is the unit's.

us_write() { # PHASE: the record as it is from now on
  printf 'boot=%s\nsupervisor=%s\nphase=%s\nmain=%s\nrestarts=%s\ncode=%s\nended=%s\n' \
    "$us_boot" "$us_self" "$1" "$us_main" "$us_restarts" "$us_code" "$us_ended" >"$us_record.new" &&
    "$us_mv" -f "$us_record.new" "$us_record"
}

us_identify() { # us_id: pid and start time (field 22) of the process that reads; together never reused
  read -r us_stat </proc/self/stat || return 1
  us_rest=${us_stat##*) }
  # shellcheck disable=SC2086 # the fields
  set -- $us_rest
  us_id="${us_stat%% *} ${20}"
}

us_run() { # replaces this subshell by the command; nothing runs that is not on record
  us_identify && us_main=$us_id && us_write running || exit 125
  PATH=$us_unit_path
  exec "$us_setsid" "$@"
}

us_find_main() { # from the record, which the subshell wrote
  us_main=
  while IFS='=' read -r us_key us_value; do
    [ "$us_key" = main ] && us_main=$us_value
  done <"$us_record"
}

us_group_lives() { # zombies that nobody reaps do not count
  kill -s 0 -- "-$us_group" 2>/dev/null || return 1
  for us_process in /proc/[0-9]*; do
    read -r us_stat <"$us_process/stat" || continue
    us_rest=${us_stat##*) }
    # shellcheck disable=SC2086 # the fields
    set -- $us_rest
    [ "$3" = "$us_group" ] && [ "$1" != Z ] && return 0
  done 2>/dev/null
  return 1
}

us_sweep() { # ends what is left of the command's process group
  us_group=${us_main%% *}
  [ -n "$us_group" ] && kill -s TERM -- "-$us_group" 2>/dev/null || return 0
  us_write sweeping
  us_waited=0
  while us_group_lives; do
    "$us_sleep" 0.1
    us_waited=$((us_waited + 1))
    [ "$us_waited" -ge $((us_stop_seconds * 10)) ] && kill -s KILL -- "-$us_group" 2>/dev/null
  done
}

us_runs_again() { # by Restart=, and not more than five times in ten seconds (systemd's start limit)
  [ -z "$us_stopping" ] || return 1
  case $us_restart in
    always) ;;
    on-failure) case $us_code in 0 | 129 | 130 | 141 | 143) return 1 ;; esac ;;
    *) return 1 ;;
  esac
  us_now=${us_ended%%.*}
  [ $((us_now - us_window)) -ge 10 ] && us_window=$us_now && us_starts=0
  us_starts=$((us_starts + 1))
  [ "$us_starts" -lt 5 ]
}

us_supervise() {
  us_record=$1 us_restart=$2 us_restart_seconds=$3 us_stop_seconds=$4
  shift 4
  us_stopping= us_main= us_code= us_ended= us_restarts=0 us_starts=0
  trap 'us_stopping=1' TERM
  us_unit_path=$PATH
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  us_setsid=$(command -v setsid) && us_mv=$(command -v mv) && us_sleep=$(command -v sleep) || return 1
  read -r us_boot </proc/sys/kernel/random/boot_id
  us_identify && us_self=$us_id
  read -r us_uptime us_idle </proc/uptime
  us_window=${us_uptime%%.*}
  IFS= read -r us_go && [ "$us_go" = go ] || return 0
  exec </dev/null
  while [ -z "$us_stopping" ]; do
    us_code= us_ended=
    (us_run "$@")
    us_code=$?
    read -r us_ended us_idle </proc/uptime
    us_find_main
    us_sweep
    us_runs_again || break
    us_write restarting
    "$us_sleep" "$us_restart_seconds" &
    wait "$!" || kill "$!" 2>/dev/null
    us_restarts=$((us_restarts + 1))
  done
  us_write ended
}

# Read to the end before it starts, so that it does not matter what becomes of this file meanwhile.
us_supervise "$@"
exit
