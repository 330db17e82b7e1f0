//! Settings of who may do what, and of what is told.
//! Knows nothing of what is served.

use super::Setting;
use crate::config::setting::setting;
use crate::config::{origins, switch, value};

pub(super) const ALL: &[Setting] = &[
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
];
