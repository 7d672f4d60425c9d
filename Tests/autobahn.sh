#!/bin/bash
# Runs the Autobahn WebSocket suite against websocket-echo, which speaks through the product's own transport.
#   AUTOBAHN  program that runs the suite: called as `$AUTOBAHN URL REPORT_FOLDER`, exit 0 when no case failed. Not set: skipped.
#   CASES     handed on to it, for example 1-10 (default) or 12-13
#   TLS=1     over wss, with a certificate made for the run
#   CONTEXT=1 both ends may keep their compression context
#   BUILD     folder with the echo's release build, OUT folder for the reports (default: .build/release, .build/autobahn)
set -u
cd "$(dirname "$0")/.." || exit 2
[ -n "${AUTOBAHN:-}" ] || { echo 'autobahn: skipped, AUTOBAHN does not name a program that runs the suite'; exit 0; }
[ -x "$AUTOBAHN" ] || { echo "autobahn: $AUTOBAHN cannot be run" >&2; exit 2; }
[ -n "${BUILD:-}" ] || swift build -c release --product websocket-echo || exit 2
build=${BUILD:-.build/release} out=${OUT:-.build/autobahn}
mkdir -p "$out"
options=(--port 0) scheme=ws
[ -n "${CONTEXT:-}" ] && options+=(--keep-context)
if [ -n "${TLS:-}" ]; then
  scheme=wss
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -keyout "$out/echo.key" -out "$out/echo.pem" 2> "$out/openssl.log" || { cat "$out/openssl.log" >&2; exit 2; }
  options+=(--tls "$out/echo.pem" "$out/echo.key")
fi
"$build/websocket-echo" "${options[@]}" > "$out/echo.log" 2>&1 &
echo_pid=$!
trap 'kill "$echo_pid" 2> /dev/null; wait "$echo_pid" 2> /dev/null' EXIT
for _ in $(seq 100); do
  port=$(sed -n 's/^echo on port //p' "$out/echo.log")
  [ -n "$port" ] && break
  kill -0 "$echo_pid" 2> /dev/null || break
  sleep 0.1
done
[ -n "$port" ] || { cat "$out/echo.log" >&2; exit 2; }
"$AUTOBAHN" "$scheme://127.0.0.1:$port/" "$out/report"
