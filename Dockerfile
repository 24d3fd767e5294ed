# syntax=docker/dockerfile:1
#
# waitroom as an image: one static binary, no shell, nobody's rights.
#
#   docker build -t waitroom --build-arg VERSION="$(git describe --tags --always)" .
#   docker run -p 8080:8080 -v ./waitroom.yaml:/etc/waitroom/waitroom.yaml:ro -v waitroom:/var/lib/waitroom \
#       --read-only --cap-drop ALL --security-opt no-new-privileges waitroom
#
# In a container `listen` has to be :8080, for 127.0.0.1 is the container's own. The only folder that is written to is
# /var/lib/waitroom; a whole set-up with Redis is in deploy/compose.yaml.

# The build runs on the builder's own platform, and Go compiles for the one that is asked for.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY proxy/brotli proxy/brotli
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=unreleased
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -tags nethttpomithttp2 -trimpath -buildvcs=false \
      -gcflags='net/http=-l' -gcflags='go.yaml.in/...=-l' -gcflags='google.golang.org/protobuf/...=-l' \
      -gcflags='github.com/spf13/...=-l' -gcflags='github.com/go-jose/...=-l' -gcflags='github.com/prometheus/...=-l' \
      -gcflags='waitroom/config=-l' -gcflags='waitroom/cmd/...=-l' -gcflags='waitroom/bench/...=-l' -gcflags='waitroom/proxy/operator=-l' -gcflags='encoding/json=-l' \
      -gcflags='crypto/x509/...=-l' -gcflags='mime/...=-l' -gcflags='github.com/coreos/...=-l' -gcflags='golang.org/x/oauth2/...=-l' -gcflags='go.uber.org/...=-l' \
      -ldflags "-s -w -X main.stamp=$VERSION" -o /out/usr/bin/waitroom ./cmd/waitroom \
    && install -D -m 0644 LICENSE /out/usr/share/doc/waitroom/LICENSE

# The state's folder belongs to the image's user, so that a new named volume does, too.
RUN install -d -m 0700 -o 65532 -g 65532 /state

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="waitroom" \
      org.opencontainers.image.description="A virtual waiting room: one honest line in front of an existing site" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /out/ /
COPY --from=build --chown=65532:65532 /state /var/lib/waitroom
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# The default data_dir is relative, so it is on the volume.
WORKDIR /var/lib/waitroom
VOLUME ["/var/lib/waitroom"]
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/bin/waitroom", "health"]
ENTRYPOINT ["/usr/bin/waitroom"]
CMD ["serve", "-c", "/etc/waitroom/waitroom.yaml"]
