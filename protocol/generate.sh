#!/bin/sh
# Makes the oracle of the codec's tests anew: swift-protobuf code for collab.proto. Run after every change of collab.proto and commit the result.
# Needs protoc (apt: protobuf-compiler). The plug-in is built from the package's own dependency unless PROTOC_GEN_SWIFT names one.
set -eu
cd "$(dirname "$0")/.."
out=Tests/CollabProtocolTests/Generated
plugin=${PROTOC_GEN_SWIFT:-}
if [ -z "$plugin" ]; then
  scratch=.build/protoc
  swift build -c release --product protoc-gen-swift --scratch-path "$scratch"
  plugin=$(swift build -c release --product protoc-gen-swift --scratch-path "$scratch" --show-bin-path)/protoc-gen-swift
fi
mkdir -p "$out"
protoc --plugin=protoc-gen-swift="$plugin" --swift_opt=Visibility=Internal --swift_out="$out" --proto_path=protocol collab.proto
echo "wrote $out/collab.pb.swift"
