//! Lists of hosts, as curl reads `NO_PROXY`.
//! Knows nothing of what they are listed for.

use super::wrong::Wrong;
use ipnet::IpNet;
use std::net::IpAddr;

/// Hosts: names with their subdomains, addresses, ranges, each with or without a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostList {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A domain and all below it, in lower case.
    Domain(String),
    Range(IpNet),
}

impl HostList {
    /// Whether `host` (a name, or an address without brackets) at `port` is one of them.
    pub fn covers(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.rules
            .iter()
            .any(|rule| rule.port.is_none_or(|only| only == port) && rule.hosts.contain(&host))
    }
}

impl Hosts {
    fn contain(&self, host: &str) -> bool {
        match self {
            Hosts::All => true,
            Hosts::Range(range) => host.parse().is_ok_and(|ip: IpAddr| range.contains(&ip)),
            Hosts::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        }
    }
}

/// Reads a comma-separated list. Nothing in it is wrong: what is no address is a name.
pub(super) fn parse(text: &str) -> Result<HostList, Wrong> {
    let entries = text.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
    Ok(HostList { rules: entries.map(rule).collect() })
}

fn rule(entry: &str) -> Rule {
    if let Some(hosts) = address(entry) {
        return Rule { hosts, port: None };
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (entry, None),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let hosts = match bare {
        "*" => Hosts::All,
        _ => address(bare).unwrap_or_else(|| {
            let domain =
                bare.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
            Hosts::Domain(domain.to_ascii_lowercase())
        }),
    };
    Rule { hosts, port }
}

fn address(text: &str) -> Option<Hosts> {
    let range = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    range.map(Hosts::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_covered_as_curl_covers_them() {
        let covered = |list: &str, host, port| parse(list).ok().unwrap().covers(host, port);
        for (list, host, port, expected) in [
            ("registry.example", "registry.example", 443, true),
            ("registry.example", "npm.registry.example", 443, true),
            ("registry.example", "notregistry.example", 443, false),
            (".example", "a.example", 80, true),
            ("*.example", "a.EXAMPLE.", 80, true),
            ("a.example:8080", "a.example", 8080, true),
            ("a.example:8080", "a.example", 80, false),
            ("10.0.0.0/8, ::1", "10.1.2.3", 80, true),
            ("10.0.0.0/8, ::1", "::1", 80, true),
            ("[::1]:80", "::1", 81, false),
            ("*", "anything", 1, true),
            ("", "anything", 1, false),
        ] {
            assert_eq!(covered(list, host, port), expected, "{list} {host}:{port}");
        }
    }
}
