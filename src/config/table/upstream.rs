//! Settings of the upstream and of the way there.
//! Knows nothing of several of them: those are tables of the file.

use super::Setting;
use crate::config::setting::setting;
use crate::config::{duration, host_list, proxy, secret, switch, value};

pub(super) const ALL: &[Setting] = &[
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
        "upstream.requests_per_second",
        "NOPAR_UPSTREAM_REQUESTS_PER_SECOND",
        "0",
        "How many requests go to it within any second, those that its redirects lead to included; more wait for\ntheir turn. 0: no limit.",
        |c, v| value::per_second(v).map(|v| c.upstream.requests_per_second = v)
    ),
    setting!(
        "upstream.allow_hosts",
        "NOPAR_ALLOW_HOSTS",
        "",
        "Hosts that its documents and redirects may lead to although they are not public (loopback,\nprivate, link-local …), listed like no_proxy. Needless if it is at such an address itself.",
        |c, v| host_list::parse(v).map(|v| c.upstream.allow_hosts = v)
    ),
];
