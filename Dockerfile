# NOPAR in a container; see docs/install.md.
#   docker build -t nopar .
#   docker run -d --name nopar -p 127.0.0.1:5984:5984 -v nopar:/var/lib/nopar -v nopar-cache:/var/cache/nopar nopar

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/nopar
RUN packaging/licences > third-party-licences.txt

FROM debian:bookworm-slim
# The number is said, so that volumes of another machine, and Kubernetes (runAsNonRoot), know whose it is.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 5984 nopar \
    && useradd --uid 5984 --gid 5984 --no-create-home --home-dir /var/lib/nopar --shell /usr/sbin/nologin nopar \
    && install -d -m 750 -o nopar -g nopar /var/lib/nopar /var/cache/nopar /run/nopar
COPY --from=build /src/target/release/nopar /usr/bin/nopar
COPY --from=build /src/third-party-licences.txt /usr/share/doc/nopar/third-party-licences.txt

# Within the container it has to listen to everybody; who gets there is said by where the port is published.
ENV NOPAR_HOSTNAME=0.0.0.0 \
    NOPAR_PORT=5984 \
    NOPAR_HOME=/var/lib/nopar \
    NOPAR_REGISTRY_PATH=/var/lib/nopar \
    NOPAR_CACHE_PATH=/var/cache/nopar \
    NOPAR_RUN_PATH=/run/nopar
USER 5984:5984
EXPOSE 5984
# What is published, which is to be backed up; and copies, which are not.
VOLUME ["/var/lib/nopar", "/var/cache/nopar"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD nopar status > /dev/null || exit 1
ENTRYPOINT ["nopar"]
