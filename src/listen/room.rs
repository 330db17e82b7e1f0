//! How many connections there is room for.
//! Knows nothing of where they come from.

use log::warn;

/// Files that are open whether or not anybody is connected.
const OWN_FILES: usize = 64;

/// How many connections can be served when `wanted` are allowed: each may need a file or a connection
/// to the upstream beside its own. Few need both at once, which leaves room for the files of the memory tier: an
/// eighth of all at most.
pub fn most_connections(wanted: usize) -> usize {
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(rlimit::INFINITY);
    bounded(wanted, usize::try_from(files).unwrap_or(usize::MAX))
}

fn bounded(wanted: usize, files: usize) -> usize {
    wanted.min((files.saturating_sub(OWN_FILES) / 2).max(1))
}

/// Warns of a setting that cannot be followed.
pub fn warn_of_fewer_connections(wanted: usize, most: usize) {
    warn!(
        "NOPAR_MAX_CONNECTIONS: the limit of open files leaves room for {most} of {wanted} connections"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_bounded_by_open_files() {
        assert_eq!(bounded(10_000, 1_000_000), 10_000);
        assert_eq!(bounded(10_000, 1_024), 480);
        assert_eq!(bounded(10_000, 10), 1);
    }
}
