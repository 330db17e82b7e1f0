//! Settings of what is held: hosted packages, and copies of others.
//! Knows nothing of where either comes from.

use super::Setting;
use crate::config::setting::setting;
use crate::config::{duration, min_free, pattern, size, value};

pub(super) const ALL: &[Setting] = &[
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
        "cache.min_free",
        "NOPAR_CACHE_MIN_FREE",
        "auto",
        "How much of its file system stays free of copies: with less, nothing more is kept, and the least recently\nused leaves. A size, a part such as 10%, or auto: 5 %, and 10GiB at most. 0: it is not looked at.",
        |c, v| min_free::parse(v).map(|v| c.cache.min_free = v),
        restart cache.min_free
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
];
