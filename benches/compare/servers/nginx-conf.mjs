// nginx's configuration, as somebody would write it who wants it fast.
// Knows nothing of processes.

import { CIPHER } from '../certificate.mjs';

/** More than any section makes; how many files nginx may open, it has from `run`. */
const CONNECTIONS = 16_000;

/** The whole file around `servers`. */
export function main({ home, workers, accessLog, asRoot, servers }) {
  return `
${asRoot ? 'user root;' : ''}
daemon off;
worker_processes ${workers};
pid ${home}/nginx.pid;
error_log ${home}/error.log error;
events { worker_connections ${CONNECTIONS}; use epoll; }
http {
  default_type application/octet-stream;
  server_tokens off;
  access_log ${accessLog ? `${accessLog} combined buffer=64k flush=1s` : 'off'};
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000;
  # Every file a section uses stays open: no open, no stat per hit.
  open_file_cache max=15000 inactive=1h;
  open_file_cache_valid 1h;
  open_file_cache_min_uses 1;
  open_file_cache_errors on;
  client_body_temp_path ${home}/temporary/body;
  proxy_temp_path ${home}/temporary/proxy;
  fastcgi_temp_path ${home}/temporary/fastcgi;
  uwsgi_temp_path ${home}/temporary/uwsgi;
  scgi_temp_path ${home}/temporary/scgi;
${servers}
}
`;
}

/** TLS as NOPAR speaks it: the same version, the same cipher. */
function tlsOf({ cert, key }) {
  return `
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites ${CIPHER};`;
}

/** A cache of what the server on `originPort` says. */
export function cachingServer({ port, home, originPort, certificate }) {
  return `
  proxy_cache_path ${home}/cache levels=1:2 keys_zone=answers:64m max_size=10g inactive=1d use_temp_path=off;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} ${certificate ? 'ssl http2 ' : ''}backlog=16384;${certificate ? tlsOf(certificate) : ''}
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      # A cache file written in large pieces is sent for a tenth less than with buffers of 4 KB (300 KB:
      # 84 and 76 µs). What is left between this and a plain file is not in its system calls.
      proxy_buffer_size 16k;
      proxy_buffers 16 256k;
      proxy_busy_buffers_size 512k;
      proxy_temp_file_write_size 512k;
      proxy_cache answers;
      # The variants by name: cheaper than Vary, for which nginx looks twice.
      proxy_cache_key "$request_uri $http_accept $http_accept_encoding";
      proxy_ignore_headers Cache-Control Expires Vary;
      proxy_cache_valid 200 1h;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
    }
  }
`;
}

/** Ready files, packed ones as they are. */
export function staticServer({ port, root }) {
  return `
  server {
    listen 127.0.0.1:${port} backlog=16384;
    root ${root};
    # The registry's packuments have no extension, its tarballs have.
    location / { default_type application/vnd.npm.install-v1+json; gzip_static on; gzip_vary on; }
    location ~ \\.tgz$ { }
  }
`;
}

/** Replaces the addresses of tarballs and packs, on `innerPort`; a cache stands before it. */
export function rewritingServer({ port, innerPort, originPort }) {
  return `
  upstream registry { server 127.0.0.1:${originPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${innerPort} backlog=16384;
    location / {
      proxy_pass http://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      # sub_filter reads plain text only.
      proxy_set_header Accept-Encoding "";
      sub_filter "http://127.0.0.1:${originPort}/" "http://127.0.0.1:${port}/";
      sub_filter_once off;
      sub_filter_types application/json;
      gzip on;
      gzip_comp_level 6;
      gzip_proxied any;
      gzip_types application/json;
    }
  }
`;
}
