#!/usr/bin/env bash
# Does a stranger's first command work? Clones the last commit into an empty folder, with an empty npm cache and
# no database, runs `npm start` and waits until it is ready; stops it with SIGTERM, which must end with exit
# code 0; starts it again, which must be quick. Prints how long it took. Leaves nothing behind.
#
#   scripts/install-check.sh            the commit that is checked out
#   FIRST_START_S=300 scripts/install-check.sh     on a slow connection
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
first_start_s=${FIRST_START_S:-120}
second_start_s=${SECOND_START_S:-10}
stop_s=30

work=$(mktemp -d "${TMPDIR:-/tmp}/signalbox-install-check.XXXXXX")
log=$work/output.log
server=
cleanup() {
  if [[ -n $server ]] && kill -0 "$server" 2>/dev/null; then
    kill -TERM "$server" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "install check: $1" >&2
  if [[ -s $log ]]; then
    echo "--- the last lines of npm start ---" >&2
    tail -n 40 "$log" >&2
  fi
  exit 1
}

seconds_since() { node -p "((Date.now() - $1) / 1000).toFixed(1)"; }
now_ms() { node -p 'Date.now()'; }
is_ready() {
  node -e '
    fetch(process.argv[1], { signal: AbortSignal.timeout(2000) })
      .then((answer) => process.exit(answer.status === 200 ? 0 : 1), () => process.exit(1))
  ' "http://127.0.0.1:$PORT/readyz"
}

# start LIMIT: runs `npm start` and sets $took to the seconds until it was ready.
start() {
  local limit=$1 began
  began=$(now_ms)
  npm start >"$log" 2>&1 </dev/null &
  server=$!
  until is_ready; do
    kill -0 "$server" 2>/dev/null || { wait "$server" && code=0 || code=$?; server=; fail "npm start ended with exit code $code before it was ready."; }
    (($(now_ms) - began < limit * 1000)) || fail "npm start was not ready within $limit s."
    sleep 0.2
  done
  took=$(seconds_since "$began")
}

stop() {
  local code=0 began pid=$server
  began=$(now_ms)
  kill -TERM "$pid"
  while kill -0 "$pid" 2>/dev/null; do
    (($(now_ms) - began < stop_s * 1000)) || fail "SIGTERM did not end npm start within $stop_s s."
    sleep 0.1
  done
  wait "$pid" || code=$?
  server=
  ((code == 0)) || fail "after SIGTERM npm start ended with exit code $code instead of 0."
  if is_ready; then fail "something still answers on port $PORT after npm start has ended."; fi
}

# A stranger's environment: nothing of ours, nothing that an outer npm has set.
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -iE '^(npm_|signalbox_|vitest|node_env$|node_options$)' || true)
unset DATABASE_URL REDIS_URL SECRET_KEY INIT_CWD
# Under sudo, or in a container, the repository may belong to somebody else.
printf '[safe]\n\tdirectory = *\n' >"$work/gitconfig"
GIT_CONFIG_GLOBAL=$work/gitconfig git clone --quiet --no-hardlinks "$root" "$work/clone" || fail "the repository could not be cloned."
cd "$work/clone"

export npm_config_cache=$work/npm-cache SIGNALBOX_DATA=$work/data PORT
PORT=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')

start "$first_start_s"
first=$took
stop
start "$second_start_s"
stop
echo "install check: ready $first s after npm start on a fresh clone, $took s the second time; SIGTERM ends it with exit code 0."
