//! Why a job is not trusted.
//! Knows nothing of how it is answered.

/// Why a job is not trusted. None of it holds a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no token of an issuer, as far as its form tells.
    #[error("this is no ID token: a signed JWT is expected, of 16 KiB at most")]
    Unknown,
    /// It is signed in a way that is not believed.
    #[error(
        "the ID token is signed in a way that is not accepted: RS256, ES256 or EdDSA is, with a key ID"
    )]
    Algorithm,
    /// Nobody of the configuration is trusted by this issuer's word.
    #[error("no [[trust]] is for the issuer of the ID token")]
    Issuer,
    /// The issuer's keys could not be had.
    #[error("the keys of the ID token's issuer cannot be fetched: try again")]
    NoKeys,
    /// The issuer has no such key.
    #[error("the ID token's issuer has no key with its key ID")]
    Key,
    /// It was not signed by that key.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// It lacks a claim, or has it in another form; which.
    #[error("the ID token lacks the claim {0}, or has one that cannot be understood")]
    Missing(&'static str),
    /// Its time is over, has not come, or is too long.
    #[error("the ID token {0}")]
    Time(&'static str),
    /// It is for somebody else.
    #[error("the ID token is for another audience: no [[trust]] for its issuer has this one")]
    Audience,
    /// It says something else than what is trusted.
    #[error("no [[trust]] is for what the ID token claims")]
    Claims,
    /// The job is trusted, but not with this package.
    #[error("no [[trust]] for this job is for {0}")]
    Package(String),
    /// It was shown before.
    #[error("the ID token was used for this package before: have a new one made")]
    Replayed,
    /// So many were shown that no more can be remembered.
    #[error("too many ID tokens are shown at the moment: try again in some minutes")]
    Busy,
    /// That it was shown cannot be noted, so it might be shown again.
    #[error("that the ID token was used cannot be noted here: the log of this registry says why")]
    Unnoted,
}
