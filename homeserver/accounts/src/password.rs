//! Passwords: hashing and checking, away from the request threads and at a bounded number at a time.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use base::Rng;
use tokio::sync::Semaphore;

use crate::{
    AccountError, AccountSettings,
    limits::{PASSWORD_BYTES_MAX, PASSWORDS_WAITING_MAX},
};

const SALT_BYTES: usize = 16;

/// The worker of all password hashes.
pub(crate) struct Passwords {
    rng: Rng,
    argon2: Argon2<'static>,
    length_min: usize,
    workers: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// The hash of a password that nobody has: checking an unknown user costs what a known one costs.
    decoy: OnceLock<String>,
}

impl Passwords {
    pub fn new(settings: &AccountSettings, rng: Rng) -> Self {
        let cost = settings.password_cost;
        // Settings are validated by the config crate; a wrong value falls back to argon2's own default.
        let params = Params::new(cost.memory_kib, cost.iterations, cost.lanes, None).unwrap_or_default();
        Self {
            rng,
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            length_min: settings.password_length_min,
            workers: Arc::new(Semaphore::new(settings.hashing_threads.max(1))),
            waiting: AtomicUsize::new(0),
            decoy: OnceLock::new(),
        }
    }

    /// Whether the policy allows this as a new password.
    pub fn check_policy(&self, password: &str) -> Result<(), AccountError> {
        if password.chars().count() < self.length_min.max(1) {
            return Err(AccountError::WeakPassword("the password is too short"));
        }
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(AccountError::WeakPassword("the password is too long"));
        }
        Ok(())
    }

    /// The hash to store.
    pub async fn hash(&self, password: &str) -> Result<String, AccountError> {
        self.check_policy(password)?;
        let mut salt = [0; SALT_BYTES];
        self.rng.fill(&mut salt);
        let argon2 = self.argon2.clone();
        let password = password.to_owned();
        self.work(move || {
            let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|_| AccountError::Hashing)
        })
        .await?
    }

    /// Whether `password` fits `stored`. Without a stored hash the answer is no, at the same cost.
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool, AccountError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = match stored {
            Some(stored) => stored,
            None => self.decoy().await?,
        };
        let argon2 = self.argon2.clone();
        let password = password.to_owned();
        let fits =
            self.work(move || argon2.verify_password(password.as_bytes(), stored.as_str()).is_ok()).await?;
        Ok(fits && known)
    }

    async fn decoy(&self) -> Result<String, AccountError> {
        if let Some(decoy) = self.decoy.get() {
            return Ok(decoy.clone());
        }
        let mut secret = [0; SALT_BYTES];
        self.rng.fill(&mut secret);
        let argon2 = self.argon2.clone();
        let decoy = self
            .work(move || argon2.hash_password_with_salt(&secret, &secret).map(|hash| hash.to_string()))
            .await?
            .map_err(|_| AccountError::Hashing)?;
        Ok(self.decoy.get_or_init(|| decoy).clone())
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let _place = Place::take(&self.waiting)?;
        let permit = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| AccountError::Busy)?;
        let job = move || {
            let result = job();
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(job).await.map_err(|_| AccountError::Hashing)
    }
}

/// A place in the bounded queue, given back when the caller goes.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, AccountError> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= PASSWORDS_WAITING_MAX {
            return Err(AccountError::Busy);
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
