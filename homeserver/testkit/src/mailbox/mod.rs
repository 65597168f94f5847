//! A mail server on loopback, as a scenario's own.

mod conversation;
mod decoding;

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{net::TcpListener, sync::Notify};
use tokio_rustls::TlsAcceptor;

use crate::limits::REQUEST_TIMEOUT;

/// How a mail server wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// In the clear.
    None,
    /// In the clear up to STARTTLS, which it demands.
    Starttls,
    /// By TLS from the first byte.
    Tls,
}

/// Takes every letter that the server hands over.
#[derive(Clone)]
pub struct Mailbox {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    protection: Protection,
    /// User name and password that it demands.
    login: Option<(String, String)>,
    tls: TlsAcceptor,
    certificate: String,
    letters: Mutex<VecDeque<ReceivedLetter>>,
    /// The commands of each conversation that handed nothing over.
    vain: Mutex<VecDeque<Vec<String>>>,
    news: Notify,
}

/// A letter as it came over the wire, its parts decoded.
#[derive(Clone, Debug)]
pub struct ReceivedLetter {
    /// Whom it was for.
    pub to: String,
    /// Head and body, with quoted-printable and base64 undone.
    pub text: String,
    /// Whether it came over TLS.
    pub protected: bool,
    /// As whom the sender logged in.
    pub login: Option<String>,
}

impl ReceivedLetter {
    /// The first link of the plain text, without scheme and host.
    #[must_use]
    pub fn link(&self) -> String {
        let start = self.text.find("/_lianqiao/").expect("the letter has a link");
        let rest = &self.text[start..];
        rest.split(|c: char| c.is_whitespace() || c == '"' || c == '<' || c == '>')
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Mailbox {
    /// Listens on a free port of this machine, in the clear and for everybody.
    pub async fn start() -> Self {
        Self::start_with(Protection::None, None).await
    }

    /// The same with a protection and, if the sender must log in, a user name and a password.
    pub async fn start_with(protection: Protection, login: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (tls, certificate) = tls();
        let shared = Arc::new(Shared {
            protection,
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            tls,
            certificate,
            letters: Mutex::default(),
            vain: Mutex::default(),
            news: Notify::new(),
        });
        let mailbox = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(conversation::hold(stream, Arc::clone(&shared)));
            }
        });
        mailbox
    }

    /// The port of the mail server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of the mail server as PEM; nobody but it itself signed it.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.shared.certificate
    }

    /// Waits for the next letter.
    pub async fn receives(&self) -> ReceivedLetter {
        self.next(&self.shared.letters).await
    }

    /// Waits for the next conversation that hands nothing over and tells its commands.
    pub async fn hears_in_vain(&self) -> Vec<String> {
        self.next(&self.shared.vain).await
    }

    /// Letters that nobody looked at yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.letters.lock().len()
    }

    async fn next<T>(&self, queue: &Mutex<VecDeque<T>>) -> T {
        let next = async {
            loop {
                if let Some(found) = queue.lock().pop_front() {
                    return found;
                }
                self.shared.news.notified().await;
            }
        };
        tokio::time::timeout(REQUEST_TIMEOUT, next).await.expect("the mail server is spoken to")
    }
}

/// What the mail server needs for TLS, with its certificate as PEM.
fn tls() -> (TlsAcceptor, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.key_pair.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate and its key fit");
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}
