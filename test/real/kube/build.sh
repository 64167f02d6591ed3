#!/bin/sh
# Builds etcd, kube-apiserver and kubectl from the public Go modules pinned in go.mod and go.sum into a folder usable as
# KUBEBUILDER_ASSETS. Does nothing for a program that is there already for the same pins and the same Go.
#   build.sh OUTDIR
set -eu
[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
export CGO_ENABLED=0
cd "$here"
version=$(sed -n 's/^\tk8s\.io\/kubernetes \(v[^ ]*\).*/\1/p' go.mod)
minor=${version#v1.}
minor=${minor%%.*}
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
done
for name in etcd kube-apiserver kubectl; do
  case $name in
    etcd) package=go.etcd.io/etcd/server/v3 ;;
    *) package=k8s.io/kubernetes/cmd/$name ;;
  esac
  stamp=$({ cat go.mod go.sum; echo "$name $flags"; go env GOVERSION GOOS GOARCH; } | cksum)
  [ -x "$out/$name" ] && [ "$(cat "$out/.$name.stamp" 2>/dev/null)" = "$stamp" ] && continue
  begin=$(date +%s)
  go build -mod=mod -trimpath -buildvcs=false -ldflags "$flags" -o "$out/.$name.new" "$package"
  mv "$out/.$name.new" "$out/$name"
  echo "$stamp" >"$out/.$name.stamp"
  echo "$name: built in $(($(date +%s) - begin)) s"
done
