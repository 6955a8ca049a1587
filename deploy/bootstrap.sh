#!/bin/sh
# Installs what a fresh machine lacks and says so: the Node packages (with Node 24 among them) and, with
# the arguments "redis", "openssl", "busybox", "lua5.1", "kubectl" and "apiserver", those programs. Everything is said on stderr; stdout stays the caller's.
set -eu
cd "$(dirname "$0")/.."
say() { echo "understudy: $*" >&2; }
die() { say "$*"; exit 1; }

node_packages() {
  stamp=node_modules/.understudy-lock
  wanted=$(cksum <package-lock.json)
  [ -x node_modules/.bin/node ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
  say "installing the Node packages and Node 24 into node_modules (npm install, versions from package-lock.json) …"
  # Not npm ci: it refuses a lockfile written where a registry lacks other platforms' optional binaries.
  # The packages run no install scripts: node-linux-* carries the binary itself.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || die "npm install failed; is the npm registry reachable?"
  [ -x node_modules/.bin/node ] || die "npm brought no Node 24 for this machine ($(uname -sm)); install Node 24 and put it on PATH"
  echo "$wanted" >"$stamp"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo -n "$@" 2>/dev/null || sudo "$@"; else return 127; fi
}

redis_server() {
  command -v redis-server >/dev/null 2>&1 && return 0
  [ -x .cache/bin/redis-server ] && return 0
  if [ ! -x /usr/bin/redis-check-rdb ]; then
    command -v apt-get >/dev/null 2>&1 || die "redis-server is missing and there is no apt-get here: install Redis 6.2 or newer, then run this again"
    say "installing redis-tools with apt-get (the binary only: no service is started) …"
    { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-tools; } >&2 ||
      die "could not install redis-tools: run 'apt-get install redis-server' as root, then run this again"
  fi
  # Debian's redis-server is this very file under another name (a link that the package redis-server ships,
  # together with a service that a developer's machine should not get by running a demo).
  mkdir -p .cache/bin
  ln -sfn /usr/bin/redis-check-rdb .cache/bin/redis-server
  .cache/bin/redis-server --version >/dev/null || die "this redis-tools holds no server: run 'apt-get install redis-server' as root, then run this again"
}

# Only tests need these: Node's own crypto makes no certificates, our scripts shall run in a second shell, and Argo CD
# judges health in Lua 5.1.
program() {
  command -v "$1" >/dev/null 2>&1 && return 0
  command -v apt-get >/dev/null 2>&1 || die "$1 is missing and there is no apt-get here: install it, then run this again"
  say "installing $1 with apt-get …"
  { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"; } >&2 ||
    die "could not install $1: run 'apt-get install $1' as root, then run this again"
}

# Debian's package has another name than its program. No function may be named like a program: command -v would find it.
kubernetes_client() {
  command -v kubectl >/dev/null 2>&1 && return 0
  command -v apt-get >/dev/null 2>&1 || die "kubectl is missing and there is no apt-get here: install it, then run this again"
  say "installing kubectl with apt-get (package kubernetes-client) …"
  { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends kubernetes-client; } >&2 ||
    die "could not install kubernetes-client: put a kubectl on PATH, then run this again"
}

# A real kube-apiserver and etcd: KUBEBUILDER_ASSETS, or built once into the cache (test/kubernetes/assets.ts looks there).
apiserver() {
  assets=${KUBEBUILDER_ASSETS:-${XDG_CACHE_HOME:-$HOME/.cache}/understudy-apiserver/bin}
  [ -x "$assets/kube-apiserver" ] && [ -x "$assets/etcd" ] && return 0
  build=${UNDERSTUDY_APISERVER_BUILD:-../shared/apiserver/build.sh}
  [ -z "${KUBEBUILDER_ASSETS:-}" ] && [ -r "$build" ] ||
    die "there is no kube-apiserver and etcd in $assets: get them (setup-envtest use -p path) and set KUBEBUILDER_ASSETS to their folder"
  say "building kube-apiserver and fetching etcd into $assets (3 minutes, once) …"
  bash "$build" >/dev/null || die "the build of kube-apiserver failed"
}

# Compiles the controller once, by a start that ends at once: see deploy/understudy.
compiled() {
  [ -d .cache/node-compile ] || deploy/understudy run --file /dev/null >/dev/null 2>&1 || :
}

node_packages
compiled
for need in "$@"; do
  case $need in
    redis) redis_server ;;
    openssl | busybox | lua5.1) program "$need" ;;
    kubectl) kubernetes_client ;;
    apiserver) apiserver ;;
    *) die "bootstrap: unknown need '$need'" ;;
  esac
done
