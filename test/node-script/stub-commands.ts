/**
 * Stand-ins for the commands that deploy/understudy-node calls, as sh. They keep what they know in the folder
 * `state` beside theirs and write down there how they were called.
 */
const begin = '#!/bin/sh\nstate=$(dirname "$0")/../state\n';

/** Units are folders: a file a property, and `on-VERB`, run in the folder instead of the usual effect. */
const systemctl = `
echo "systemctl $*" >>"$state/log"
verb=$1 units='' properties=''
shift
for word; do
  case $word in --property=*) properties=\${word#*=} ;; -* | KILL) ;; *) units="$units $word" ;; esac
done
of() { cat "$state/units/$1/$2" 2>/dev/null || case $2 in
  Id) echo "$1" ;; LoadState) echo not-found ;; ActiveState) echo inactive ;; Result) echo success ;; *) echo ;;
esac; }
code=0 gap=''
for unit in $units; do
  at=$state/units/$unit
  case $verb in
    show)
      printf %s "$gap"
      gap='
'
      for name in $(echo "$properties" | tr , ' '); do echo "$name=$(of "$unit" "$name")"; done
      continue ;;
    reset-failed) [ ! -d "$at" ] || echo success >"$at/Result" ;;
  esac
  if [ ! -d "$at" ]; then
    echo "Failed to $verb $unit: Unit $unit not loaded." >&2
    code=5
  elif [ -f "$at/on-$verb" ]; then
    (cd "$at" && . ./on-$verb) || code=$?
  else
    case $verb in start) echo active ;; stop) echo inactive ;; kill) echo failed ;; *) of "$unit" ActiveState ;; esac >"$at/next"
    mv "$at/next" "$at/ActiveState"
  fi
done
exit $code`;

const systemdRun = `
echo "systemd-run $*" >>"$state/log"
for word; do case $word in --unit=*) unit=\${word#*=} ;; esac; done
mkdir -p "$state/units/$unit"
echo loaded >"$state/units/$unit/LoadState"
echo active >"$state/units/$unit/ActiveState"`;

/** Listens on what the file \`listens\` names (127.0.0.1 without it); \`silent\`: takes the connection and says nothing. */
const redisCli = `
echo "redis-cli $*" >>"$state/log"
echo "\${REDISCLI_AUTH-}" >>"$state/passwords"
[ ! -e "$state/silent" ] || exit 124
here=$(cat "$state/listens" 2>/dev/null || echo 127.0.0.1)
case "$*" in *"-h $here -p 6379 "*) ;; *) exit 1 ;; esac
case $* in
  *'info replication') cat "$state/replication" ;;
  *role) cat "$state/role" ;;
  *ping) echo PONG ;;
esac`;

/** A pause lasts no time, but moves the uptime; then comes what \`after\` has for that moment (in hundredths). */
const sleep = `
root=$state/../root
read -r up _ <"$root/proc/uptime"
case $1 in 1) step=100 ;; 0.2) step=20 ;; *) step=5 ;; esac
now=$((\${up%.*}\${up#*.} + step))
echo "\${now%??}.\${now#"\${now%??}"} 5.00" >"$root/proc/uptime"
seen=none
for file in "$root"/run/understudy/*/state; do [ ! -r "$file" ] || read -r seen <"$file"; done
echo "$now $seen" >>"$state/trace"
# A loop that finds no end is a failure, not a hanging test.
[ "$now" -lt 110000 ] || kill $PPID
for file in "$state"/after/*; do
  [ -f "$file" ] && [ "\${file##*/}" -le "$now" ] || continue
  mv "$file" "$state/step"
  (cd "$state/.." && . state/step)
done
exit 0`;

export const stubCommands: Readonly<Record<string, string>> = {
  systemctl: begin + systemctl,
  'systemd-run': begin + systemdRun,
  'redis-cli': begin + redisCli,
  sleep: begin + sleep,
  getent: `${begin}echo "getent $*" >>"$state/log"; cat "$state/hosts" 2>/dev/null || exit 2`,
  hostname: `${begin}cat "$state/own-addresses" 2>/dev/null`,
};
