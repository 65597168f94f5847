//! An identity provider on loopback that speaks OpenID Connect, as a scenario's own.
//!
//! It signs with a real key and is as strict as the specification lets it be: a wrong client, redirect URI, code or
//! PKCE verifier is refused. It can also misbehave in one way at a time. The keys beside this file are for tests.

mod endpoints;
mod tokens;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::tokens::Keys;

/// What the server is called at the provider.
pub const CLIENT_ID: &str = "lianqiao";
/// The server's secret at the provider.
pub const CLIENT_SECRET: &str = "a secret/with:odd%characters";

/// One way in which a provider can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The id token repeats another nonce.
    WrongNonce,
    /// The id token has no nonce.
    NoNonce,
    /// The id token is for another client.
    WrongAudience,
    /// The id token is for us and for somebody else.
    FurtherAudience,
    /// The id token says that another provider made it.
    WrongIssuer,
    /// The id token has expired.
    Expired,
    /// The id token is from the future.
    NotYet,
    /// The person is not asked although that was wanted: the id token says that they signed on an hour ago.
    AskedNobody,
    /// The id token does not say when the person signed on.
    NoAuthTime,
    /// The id token has `alg` "none" and no signature.
    Unsigned,
    /// The id token is signed by the secret that the client shares.
    SharedSecret,
    /// The id token is signed by a key that is not among those published.
    ForeignKey,
    /// The id token's claims were changed after it was signed.
    Tampered,
    /// The answer has no id token.
    NoIdToken,
    /// The place for user info tells of somebody else.
    AnotherSubject,
    /// The code is refused.
    CodeRefused,
    /// The answer to a code is no JSON.
    Garbage,
    /// The answer is endless.
    Flood,
    /// Nothing is answered for a long time.
    Slow,
    /// Everything answers 500.
    Broken,
    /// The description names another issuer.
    ForeignDescription,
    /// The person says no.
    AccessDenied,
    /// The browser comes back with the word of another issuer (RFC 9207).
    ForeignAnswer,
}

/// An identity provider.
#[derive(Clone)]
pub struct IdentityProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    issuer: String,
    keys: Mutex<Keys>,
    /// Who sits at the keyboard: the claims of the person.
    person: Mutex<Value>,
    fault: Mutex<Option<Fault>>,
    codes: Mutex<HashMap<String, Granted>>,
    access_tokens: Mutex<HashMap<String, Value>>,
    counter: AtomicUsize,
    /// The query of the last request to sign somebody on.
    last_query: Mutex<String>,
}

/// What a code stands for; gone when it was exchanged.
struct Granted {
    nonce: String,
    challenge: String,
    redirect_uri: String,
    person: Value,
}

impl IdentityProvider {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            issuer: format!("http://{address}/realms/staff"),
            keys: Mutex::new(Keys::new()),
            person: Mutex::new(json!({"sub": "nobody"})),
            fault: Mutex::default(),
            codes: Mutex::default(),
            access_tokens: Mutex::default(),
            counter: AtomicUsize::new(0),
            last_query: Mutex::default(),
        });
        let router = endpoints::router(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// What goes into the configuration.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.shared.issuer.clone()
    }

    /// Where it listens.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on this person sits at the keyboard. `name` goes into the id token with `sub`, everything else is told
    /// as user info.
    pub fn seats(&self, person: Value) {
        *self.shared.person.lock() = person;
    }

    /// From now on it is wrong in this way, or in none.
    pub fn errs(&self, fault: impl Into<Option<Fault>>) {
        *self.shared.fault.lock() = fault.into();
    }

    /// Signs with another key from now on, and publishes that one alone.
    pub fn changes_key(&self) {
        self.shared.keys.lock().change();
    }

    /// The query with which a browser was sent here last.
    #[must_use]
    pub fn last_query(&self) -> String {
        self.shared.last_query.lock().clone()
    }

    /// A signed logout token that is good but for what `changes` says; null takes a claim out.
    #[must_use]
    pub fn logout_token(&self, changes: Value) -> String {
        let mut claims = json!({
            "iss": self.issuer(),
            "aud": CLIENT_ID,
            "iat": tokens::now_seconds(),
            "exp": tokens::now_seconds() + 120,
            "jti": self.shared.next("logout"),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        if let Some(claims) = claims.as_object_mut() {
            claims.retain(|_, value| !value.is_null());
        }
        self.shared.keys.lock().sign("logout+jwt", &claims)
    }
}

impl Shared {
    fn next(&self, kind: &str) -> String {
        format!("{kind}-{}", self.counter.fetch_add(1, Ordering::Relaxed))
    }

    fn errs(&self, fault: Fault) -> bool {
        *self.fault.lock() == Some(fault)
    }
}
