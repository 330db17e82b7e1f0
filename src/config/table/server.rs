//! Settings of what listens and serves.
//! Knows nothing of what is asked for.

use super::Setting;
use crate::config::setting::setting;
use crate::config::{duration, place, switch, value};

pub(super) const ALL: &[Setting] = &[
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
        "Reverse proxies whose X-Forwarded-For, -Proto, -Host, -Port and -Prefix are believed:\naddresses or ranges, separated by commas, such as 127.0.0.1, 10.0.0.0/8; unix is whoever comes by a unix socket.",
        |c, v| value::proxies(v).map(|v| c.server.trusted_proxies = v)
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
        "Directory for nopar.pid and nopar.sock, by which commands find the NOPAR that runs. Empty: that of the service manager\nor of the user's session, else `run` in the directory of copies.",
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
];
