//! Settings of what is too much of clients.
//! Knows nothing of what upstreams and the disk bear.

use super::Setting;
use crate::config::setting::setting;
use crate::config::{rate, size, value};

pub(super) const ALL: &[Setting] = &[
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
    setting!(
        "limits.connections_per_address",
        "NOPAR_MAX_CONNECTIONS_PER_ADDRESS",
        "0",
        "Connections of one address at once (of IPv6, of the 64 bits of a network); more are refused. Not of those\nof NOPAR_TRUSTED_PROXIES, who speak for many, nor of unix sockets. 0: no limit.",
        |c, v| value::connections_or_none(v).map(|v| c.limits.connections_per_address = v)
    ),
    setting!(
        "limits.requests_per_address",
        "NOPAR_MAX_REQUESTS_PER_ADDRESS",
        "off",
        "How often one address may ask, such as 100/s, 6000/min or 100000/h (as many at once, if it has not asked\nfor so long); more get a 429. Of who comes by NOPAR_TRUSTED_PROXIES it is that in X-Forwarded-For; of IPv6,\n64 bits count; all who come by a unix socket are one. /-/ping, /-/health and /-/ready are free. off: no limit.",
        |c, v| rate::parse(v).map(|v| c.limits.requests_per_address = v)
    ),
    setting!(
        "limits.requests_per_token",
        "NOPAR_MAX_REQUESTS_PER_TOKEN",
        "off",
        "The same of one token, in place of the address that it comes from (where NOPAR_AUTH=open, where everybody\nmay have any number of tokens, beside it). Requests with what is no token of this registry, and those with\na password, count for their address.",
        |c, v| rate::parse(v).map(|v| c.limits.requests_per_token = v)
    ),
];
