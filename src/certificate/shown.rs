//! What handshakes show, which changes when its files do.
//! Knows nothing of who shakes hands.

use super::stamp::Stamp;
use super::{Unusable, load, untimely};
use log::{info, warn};
use parking_lot::{Mutex, RwLock};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A certificate that can become another one while it is shown. Handshakes that have begun end with the one they began
/// with, and connections do not notice.
#[derive(Debug)]
pub struct Shown {
    cert: PathBuf,
    key: PathBuf,
    now: RwLock<Arc<CertifiedKey>>,
    /// What was last read; who looks holds it.
    seen: Mutex<[Stamp; 2]>,
}

/// What became of a look at the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// They are as they were.
    Same,
    /// They are others, and are shown from now on.
    Changed,
    /// They are others, and cannot be used: what was shown still is.
    Refused(Unusable),
}

impl Shown {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// As [`load()`].
    pub fn load(cert: &Path, key: &Path) -> Result<Shown, Unusable> {
        // Looked at before they are read: what changes meanwhile is seen by the next look.
        let seen = [Stamp::of(cert), Stamp::of(key)];
        let now = load(cert, key)?;
        let (cert, key) = (cert.to_owned(), key.to_owned());
        Ok(Shown { cert, key, now: RwLock::new(now), seen: Mutex::new(seen) })
    }

    /// Looks at the files, and reads them if they are others than the last time; tells of each change once. Blocks.
    pub fn look_again(&self) -> Looked {
        let mut seen = self.seen.lock();
        let found = [Stamp::of(&self.cert), Stamp::of(&self.key)];
        if *seen == found {
            return Looked::Same;
        }
        *seen = found;
        match load(&self.cert, &self.key) {
            Ok(certified) => self.take(certified),
            Err(unusable) => {
                warn!("the certificate stays the one that was read before: {unusable}");
                Looked::Refused(unusable)
            }
        }
    }

    fn take(&self, certified: Arc<CertifiedKey>) -> Looked {
        let path = self.cert.display();
        if let Some(problem) = untimely(&certified, SystemTime::now()) {
            warn!("{}: {path} {problem}", super::CERT);
        }
        info!("new connections are shown the certificate that is in {path} now");
        *self.now.write() = certified;
        Looked::Changed
    }

    /// Looks at the files from time to time. Does not end.
    pub async fn keep(self: Arc<Shown>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let shown = Arc::clone(&self);
            // A panic in there is told of by itself; the next look may fare better.
            let _ = tokio::task::spawn_blocking(move || shown.look_again()).await;
        }
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.read()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use std::fs;
    use tempfile::TempDir;

    struct Files(TempDir);

    /// A certificate and its key, as text.
    fn pair(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["npm.test".to_owned()]).unwrap();
        change(&mut params);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    impl Files {
        fn new() -> (Files, Shown) {
            let files = Files(tempfile::tempdir().unwrap());
            let (cert, key) = pair(|_| {});
            files.put("cert", &cert);
            files.put("key", &key);
            let shown = Shown::load(&files.path("cert"), &files.path("key")).unwrap();
            (files, shown)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// By a rename, as whoever renews certificates does it.
        fn put(&self, name: &str, text: &str) {
            fs::write(self.path("new"), text).unwrap();
            fs::rename(self.path("new"), self.path(name)).unwrap();
        }
    }

    fn first(shown: &Shown) -> Vec<u8> {
        shown.now.read().cert[0].to_vec()
    }

    #[test]
    fn another_pair_is_shown_once_it_is_whole() {
        let (files, shown) = Files::new();
        assert_eq!(shown.look_again(), Looked::Same);
        let before = first(&shown);
        let (cert, key) = pair(|_| {});
        files.put("cert", &cert);
        let Looked::Refused(unusable) = shown.look_again() else { panic!("half of a pair") };
        assert!(unusable.to_string().contains("does not belong to the certificate"), "{unusable}");
        assert_eq!((first(&shown), shown.look_again()), (before.clone(), Looked::Same));
        files.put("key", &key);
        assert_eq!(shown.look_again(), Looked::Changed);
        assert_ne!(first(&shown), before);
        assert_eq!(shown.look_again(), Looked::Same);
    }

    #[test]
    fn what_cannot_be_used_leaves_the_old_one() {
        let (files, shown) = Files::new();
        let (before, whole) = (first(&shown), fs::read_to_string(files.path("cert")).unwrap());
        for (text, problem) in [
            (&whole[..whole.len() / 2], "NOPAR_TLS_CERT: "),
            ("", "holds no certificate"),
            ("nonsense", "holds no certificate"),
        ] {
            files.put("cert", text);
            let Looked::Refused(unusable) = shown.look_again() else { panic!("{text:?}") };
            assert!(unusable.to_string().contains(problem), "{unusable}");
            assert_eq!((first(&shown), shown.look_again()), (before.clone(), Looked::Same));
        }
        fs::remove_file(files.path("cert")).unwrap();
        let Looked::Refused(unusable) = shown.look_again() else { panic!("it is gone") };
        assert!(unusable.to_string().contains("cannot be read"), "{unusable}");
        assert_eq!((first(&shown), shown.look_again()), (before.clone(), Looked::Same));
        files.put("cert", &whole);
        assert_eq!((shown.look_again(), first(&shown)), (Looked::Changed, before));
    }

    #[test]
    fn a_change_in_place_is_seen_as_well() {
        let (files, shown) = Files::new();
        let before = first(&shown);
        let (cert, key) = pair(|_| {});
        fs::write(files.path("cert"), cert).unwrap();
        fs::write(files.path("key"), key).unwrap();
        assert_eq!(shown.look_again(), Looked::Changed);
        assert_ne!(first(&shown), before);
    }

    #[tokio::test]
    async fn it_looks_by_itself_from_time_to_time() {
        let (files, shown) = Files::new();
        let (before, shown) = (first(&shown), Arc::new(shown));
        let keeping = tokio::spawn(Arc::clone(&shown).keep(Duration::from_millis(1)));
        let (cert, key) = pair(|_| {});
        files.put("cert", &cert);
        files.put("key", &key);
        let changed = async {
            while first(&shown) == before {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), changed).await.unwrap();
        keeping.abort();
    }

    #[test]
    fn a_certificate_out_of_its_time_is_told_of_and_shown() {
        let (files, shown) = Files::new();
        for (from, to, problem) in [
            (2000, 2001, "has expired (2001-01-01 00:00 UTC)"),
            (4000, 4001, "is not good yet (4000-01-01 00:00 UTC)"),
        ] {
            let (cert, key) = pair(|params| {
                params.not_before = date_time_ymd(from, 1, 1);
                params.not_after = date_time_ymd(to, 1, 1);
            });
            fs::write(files.path("cert"), cert).unwrap();
            fs::write(files.path("key"), key).unwrap();
            assert_eq!(shown.look_again(), Looked::Changed);
            let told = untimely(&shown.now.read(), SystemTime::now()).unwrap();
            assert!(told.ends_with(problem), "{told}");
        }
        let (_files, shown) = Files::new();
        assert_eq!(untimely(&shown.now.read(), SystemTime::now()), None);
    }
}
