//! Every setting: its names, its default, its meaning, the field it goes to.
//! Knows nothing of where values come from.

use super::setting::setting;
use super::{duration, host_list, origins, pattern, place, proxy, secret, size, switch, value};

pub(super) use super::setting::Setting;

/// Every setting, in the order of the default file.
pub(super) const SETTINGS: &[Setting] = &[
    setting!(
        "server.hostname",
        "NOPAR_HOSTNAME",
        "localhost",
        "Name or address to listen on. localhost is both 127.0.0.1 and ::1; 0.0.0.0 or :: is every address.",
        |c, v| value::hostname(v).map(|v| c.server.hostname = v),
        restart server.hostname
    ),
    setting!("server.port", "NOPAR_PORT", "5984", "TCP port; 0 takes a free one.", |c, v| {
        value::port(v).map(|v| c.server.port = v)
    }, restart server.port),
    setting!(
        "server.listen",
        "NOPAR_LISTEN",
        "",
        "Other places to listen on, separated by commas: addresses or names with ports, and unix sockets, such as\n127.0.0.1:5984, [::1]:5984, unix:/run/nopar/nopar.http. With them, hostname and port count only if one of\nthe two is set. All are TLS, or none is.",
        |c, v| place::parse(v).map(|v| c.server.listen = v),
        restart server.listen
    ),
    setting!(
        "server.tls_cert",
        "NOPAR_TLS_CERT",
        "",
        "Certificate (PEM, with those between it and its authority): with it, NOPAR speaks HTTPS, by HTTP/2\nand HTTP/1.1, and nothing else. Empty: plain HTTP.",
        |c, v| value::path(v).map(|v| c.server.tls_cert = Some(v)),
        restart server.tls_cert
    ),
    setting!(
        "server.tls_key",
        "NOPAR_TLS_KEY",
        "",
        "Its private key (PEM, without a passphrase).",
        |c, v| value::path(v).map(|v| c.server.tls_key = Some(v)),
        restart server.tls_key
    ),
    setting!(
        "server.base_url",
        "NOPAR_BASE_URL",
        "",
        "The URL clients reach NOPAR by, when it is not the one they ask for (a path prefix included).\nEmpty: it follows each request's Host.",
        |c, v| value::base_url(v).map(|v| c.server.base_url = Some(v))
    ),
    setting!(
        "server.threads",
        "NOPAR_THREADS",
        "auto",
        "Worker threads; auto is one per core.",
        |c, v| value::threads(v).map(|v| c.server.threads = v),
        restart server.threads
    ),
    setting!(
        "server.hot_path",
        "NOPAR_HOT_PATH",
        "yes",
        "Whether what is held, fresh and in memory is sent past Pingora's own way of answering, in one\nsystem call. The answers are the same; no is for who suspects otherwise.",
        |c, v| switch::parse(v).map(|v| c.server.hot_path = v),
        restart server.hot_path
    ),
    setting!(
        "server.sendfile",
        "NOPAR_SENDFILE",
        "auto",
        "Whether bodies of 32 KiB and more that are sent again and again are sent from the pages they lie in,\nwithout copying them (sendfile). Processors differ: auto is what costs less CPU on this one, which is\nmeasured at the start and takes some milliseconds. Over TLS everything is copied.",
        |c, v| value::sendfile(v).map(|v| c.server.sendfile = v),
        restart server.sendfile
    ),
    setting!(
        "server.trusted_proxies",
        "NOPAR_TRUSTED_PROXIES",
        "",
        "Reverse proxies whose X-Forwarded-Proto, -Host, -Port and -Prefix are believed:\naddresses or ranges, separated by commas, such as 127.0.0.1, 10.0.0.0/8.",
        |c, v| value::ranges(v).map(|v| c.server.trusted_proxies = v)
    ),
    setting!(
        "server.stop_timeout",
        "NOPAR_STOP_TIMEOUT",
        "30s",
        "How long a stop waits for requests that are going on.",
        |c, v| duration::parse(v).map(|v| c.server.stop_timeout = v)
    ),
    setting!(
        "server.home",
        "NOPAR_HOME",
        "",
        "Where relative paths start. Empty: the working directory.",
        |c, v| value::path(v).map(|v| c.server.home = Some(v)),
        restart server.home
    ),
    setting!(
        "server.run_path",
        "NOPAR_RUN_PATH",
        "",
        "Directory for nopar.pid and for the socket of nopar upgrade.",
        |c, v| value::path(v).map(|v| c.server.run_path = Some(v)),
        restart server.run_path
    ),
    Setting {
        aliases: &["NOPAR_RUN_AS_USER"],
        ..setting!("server.run_as_user", "NOPAR_RUNAS_USER", "", "User to serve as in the background, if root starts NOPAR without a service manager.", |c, v| {
            c.server.run_as_user = Some(v.to_owned());
            Ok(())
        }, restart server.run_as_user)
    },
    setting!(
        "upstream.url",
        "NOPAR_FORWARDER_URL",
        "https://registry.yarnpkg.com",
        "The registry that is asked for what NOPAR does not hold.",
        |c, v| value::upstream(v).map(|v| c.upstream.url = v)
    ),
    setting!(
        "upstream.auto_forward",
        "NOPAR_AUTO_FORWARD",
        "yes",
        "Whether it is asked at all. no: only what is held is served.",
        |c, v| switch::parse(v).map(|v| c.upstream.auto_forward = v)
    ),
    setting!(
        "upstream.ignore_cert",
        "NOPAR_IGNORE_CERT",
        "no",
        "Whether its certificate may be invalid. Prefer ca_file.",
        |c, v| switch::parse(v).map(|v| c.upstream.ignore_cert = v)
    ),
    Setting {
        secret: true,
        ..setting!(
            "upstream.proxy_url",
            "NOPAR_PROXY_URL",
            "",
            "A proxy on the way to it: http://user:password@proxy.example:3128.",
            |c, v| proxy::parse(v).map(|v| c.upstream.proxy_url = Some(v))
        )
    },
    Setting {
        aliases: &["no_proxy"],
        ..setting!(
            "upstream.no_proxy",
            "NO_PROXY",
            "",
            "Hosts reached without that proxy: names (with their subdomains), addresses, ranges,\neach with :port if only that port is meant, separated by commas; * is all.",
            |c, v| host_list::parse(v).map(|v| c.upstream.no_proxy = v)
        )
    },
    setting!(
        "upstream.user_agent",
        "NOPAR_USER_AGENT",
        "",
        "What NOPAR calls itself there. Empty: nopar/VERSION.",
        |c, v| value::user_agent(v).map(|v| c.upstream.user_agent = v)
    ),
    Setting {
        secret: true,
        ..setting!(
            "upstream.token",
            "NOPAR_FORWARDER_TOKEN",
            "",
            "A token for it, sent to its own origin only.",
            |c, v| secret::parse(v).map(|v| c.upstream.token = Some(v))
        )
    },
    setting!(
        "upstream.token_file",
        "NOPAR_FORWARDER_TOKEN_FILE",
        "",
        "A file that holds that token.",
        |c, v| value::path(v).map(|v| c.upstream.token_file = Some(v))
    ),
    setting!(
        "upstream.ca_file",
        "NOPAR_CA_FILE",
        "",
        "Certificates (PEM) to trust there in place of the system's.",
        |c, v| value::path(v).map(|v| c.upstream.ca_file = Some(v))
    ),
    setting!(
        "upstream.connect_timeout",
        "NOPAR_CONNECT_TIMEOUT",
        "10s",
        "Longest wait for a connection to it.",
        |c, v| duration::positive(v).map(|v| c.upstream.connect_timeout = v)
    ),
    setting!(
        "upstream.read_timeout",
        "NOPAR_READ_TIMEOUT",
        "30s",
        "Longest wait between two pieces of its answer.",
        |c, v| duration::positive(v).map(|v| c.upstream.read_timeout = v)
    ),
    setting!(
        "upstream.fetch_timeout",
        "NOPAR_FETCH_TIMEOUT",
        "5m",
        "Longest wait for a whole packument.",
        |c, v| duration::positive(v).map(|v| c.upstream.fetch_timeout = v)
    ),
    setting!(
        "upstream.tarball_timeout",
        "NOPAR_TARBALL_TIMEOUT",
        "30m",
        "Longest wait for a whole tarball.",
        |c, v| duration::positive(v).map(|v| c.upstream.tarball_timeout = v)
    ),
    setting!(
        "upstream.max_connections",
        "NOPAR_UPSTREAM_CONNECTIONS",
        "64",
        "How many requests go to it at once; more wait for their turn.",
        |c, v| value::connections(v).map(|v| c.upstream.max_connections = v)
    ),
    setting!(
        "upstream.allow_hosts",
        "NOPAR_ALLOW_HOSTS",
        "",
        "Hosts that its documents and redirects may lead to although they are not public (loopback,\nprivate, link-local …), listed like no_proxy. Needless if it is at such an address itself.",
        |c, v| host_list::parse(v).map(|v| c.upstream.allow_hosts = v)
    ),
    setting!(
        "store.path",
        "NOPAR_REGISTRY_PATH",
        "registry",
        "Directory of hosted packages.",
        |c, v| value::path(v).map(|v| c.store.path = v),
        restart store.path
    ),
    setting!(
        "store.local_packages",
        "NOPAR_LOCAL_PACKAGES",
        "",
        "Packages that are this registry's own, hosted already or not: no upstream is ever asked for them.\nNames or beginnings of names, separated by commas, such as @acme/*, acme-*, left-pad;\nin any case of letters.",
        |c, v| pattern::list(v).map(|v| c.store.local_packages = v)
    ),
    setting!(
        "store.stage_ttl",
        "NOPAR_STAGE_TTL",
        "7d",
        "How long a version that was staged (npm stage publish) waits to be approved; then it is gone.",
        |c, v| duration::positive(v).map(|v| c.store.stage_ttl = v)
    ),
    setting!(
        "store.stage_size",
        "NOPAR_STAGE_SIZE",
        "10GiB",
        "How much all that waits so may take on disk; what would be more is refused.",
        |c, v| size::parse(v).map(|v| c.store.stage_size = v)
    ),
    setting!(
        "cache.path",
        "NOPAR_CACHE_PATH",
        "cache",
        "Directory of copies from the upstream. Deleting it is always safe.",
        |c, v| value::path(v).map(|v| c.cache.path = v),
        restart cache.path
    ),
    setting!(
        "cache.size",
        "NOPAR_CACHE_SIZE",
        "10GiB",
        "How much it may hold; the least recently used leaves first.",
        |c, v| size::parse(v).map(|v| c.cache.size = v),
        restart cache.size
    ),
    setting!(
        "cache.memory_size",
        "NOPAR_MEMORY_SIZE",
        "256MiB",
        "How much of it is kept in memory, ready to send.",
        |c, v| size::parse(v).map(|v| c.cache.memory_size = v)
    ),
    setting!(
        "cache.meta_ttl",
        "NOPAR_META_TTL",
        "6h",
        "How long a packument is served without asking the upstream.",
        |c, v| duration::parse(v).map(|v| c.cache.meta_ttl = v)
    ),
    setting!(
        "cache.stale_while_revalidate",
        "NOPAR_STALE_TTL",
        "1d",
        "How long after that it is still served at once, while the upstream is asked.",
        |c, v| duration::parse(v).map(|v| c.cache.stale_while_revalidate = v)
    ),
    setting!(
        "cache.not_found_ttl",
        "NOPAR_NOT_FOUND_TTL",
        "60s",
        "How long a 404 of the upstream is remembered.",
        |c, v| duration::parse(v).map(|v| c.cache.not_found_ttl = v)
    ),
    setting!(
        "cache.stale_if_error",
        "NOPAR_STALE_IF_ERROR",
        "unlimited",
        "How long after its time a packument is still served when the upstream fails.",
        |c, v| value::stale_if_error(v).map(|v| c.cache.stale_if_error = v)
    ),
    setting!(
        "cache.verify",
        "NOPAR_VERIFY",
        "auto",
        "auto, or always: always fetches the packument beside a tarball whose digests are not known yet,\nso that nothing unverified is ever served.",
        |c, v| value::verify(v).map(|v| c.cache.verify = v)
    ),
    setting!(
        "access.auth",
        "NOPAR_AUTH",
        "open",
        "Who may log in and publish. open: everyone may log in under any name, and publish. users: those of\n`nopar user add`, by their passwords, and they may do what the rules below say.",
        |c, v| value::auth(v).map(|v| c.access.auth = v),
        restart access.auth
    ),
    setting!(
        "access.admins",
        "NOPAR_ADMINS",
        "",
        "Users who may do everything, where NOPAR_AUTH=users: names, separated by commas.",
        |c, v| value::users(v).map(|v| c.access.admins = v)
    ),
    setting!(
        "access.sign_up",
        "NOPAR_SIGN_UP",
        "no",
        "Whether everybody who reaches NOPAR may make an account for themselves, where NOPAR_AUTH=users:\non the page of npm login, or by a login under a new name. no: accounts are made by `nopar user add`.",
        |c, v| switch::parse(v).map(|v| c.access.sign_up = v)
    ),
    setting!(
        "access.open_admin",
        "NOPAR_OPEN_ADMIN",
        "no",
        "Whether everybody who reaches NOPAR may administer it by its pages, where NOPAR_AUTH=open.\nno: only browsers on the machine that it runs on may, by no proxy; where NOPAR_AUTH=users, NOPAR_ADMINS may.",
        |c, v| switch::parse(v).map(|v| c.access.open_admin = v)
    ),
    setting!(
        "access.cors_origins",
        "NOPAR_CORS_ORIGINS",
        "",
        "Origins whose pages may have a browser read hosted packages, the search and all else that reads, such\nas https://docs.example, separated by commas; * is every one. Empty: none. Packages of an upstream that\nis shown no token, pages of every origin may read, unless this is off. None may change anything.",
        |c, v| origins::parse(v).map(|v| c.access.cors_origins = v)
    ),
    setting!(
        "log.file",
        "NOPAR_LOGFILE",
        "",
        "File to append the log to. Empty: standard error. Lines of requests are up to 0.1 s late; they are\nlost, and counted, when 1 MiB of them waits to be written. SIGUSR1 has it opened again, as logrotate wants.",
        |c, v| value::path(v).map(|v| c.log.file = Some(v)),
        restart log.file
    ),
    setting!(
        "log.level",
        "NOPAR_LOGLEVEL",
        "info",
        "error, warn, info or off; debug and trace say more in debug builds only.",
        |c, v| value::level(v).map(|v| c.log.level = v)
    ),
    setting!(
        "log.format",
        "NOPAR_LOG_FORMAT",
        "text",
        "How lines look: text, or json, which is an object in each line.",
        |c, v| value::log_format(v).map(|v| c.log.format = v)
    ),
    setting!(
        "log.access",
        "NOPAR_ACCESS_LOG",
        "yes",
        "Whether each request is logged (at level info).",
        |c, v| switch::parse(v).map(|v| c.log.access = v)
    ),
    setting!(
        "metrics.listen",
        "NOPAR_METRICS_LISTEN",
        "",
        "Address and port, such as 127.0.0.1:9598, where metrics are served for Prometheus, at /metrics, to\neverybody who reaches it. Empty: nowhere.",
        |c, v| value::address(v).map(|v| c.metrics.listen = Some(v)),
        restart metrics.listen
    ),
    setting!(
        "limits.packument_size",
        "NOPAR_MAX_PACKUMENT",
        "256MiB",
        "Longest packument, unpacked, that is taken from the upstream.",
        |c, v| size::parse(v).map(|v| c.limits.packument_size = v)
    ),
    setting!(
        "limits.tarball_size",
        "NOPAR_MAX_TARBALL",
        "4GiB",
        "Longest tarball that is kept.",
        |c, v| size::parse(v).map(|v| c.limits.tarball_size = v)
    ),
    setting!(
        "limits.body_size",
        "NOPAR_MAX_BODY",
        "384MiB",
        "Longest body of a request that is taken. A publish holds the tarball in base64, a third longer\nthan it is.",
        |c, v| size::parse(v).map(|v| c.limits.body_size = v)
    ),
    setting!(
        "limits.connections",
        "NOPAR_MAX_CONNECTIONS",
        "10000",
        "Connections of clients at once; more are refused. The limit of open files may allow fewer:\neach takes up to two.",
        |c, v| value::connections(v).map(|v| c.limits.connections = v.get()),
        restart limits.connections
    ),
];

/// The setting an environment variable belongs to.
pub(super) fn by_env(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.env == name || setting.aliases.contains(&name))
}
