//! One connection to the IMAP server, by the library that speaks it.

use std::{fmt, sync::Arc, time::Duration};

use async_imap::{Client, Session as Imap, error::Error as ImapError};
use futures_util::TryStreamExt as _;
use mail::MailSecurity;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::MailboxSettings;
use crate::{
    CalendarError,
    limits::{MAIL_BYTES_MAX, MAILBOX_ANSWER_TIME_MAX, MAILBOX_IDLE, MAILBOX_LOOK_INTERVAL},
};

/// Bytes both ways, protected or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Wire for T {}

type Wired = Box<dyn Wire>;

/// A folder that is open for reading.
pub(super) struct Session {
    imap: Imap<Wired>,
    uid_validity: u32,
    /// Whether the server tells of new letters by itself (RFC 2177).
    tells: bool,
}

impl Session {
    /// Connects, signs in and opens the folder.
    pub async fn open(settings: &MailboxSettings) -> Result<Self, CalendarError> {
        let client = in_time(connected(settings)).await?;
        let login = client.login(&settings.user, &settings.password);
        let mut imap = in_time(async { login.await.map_err(|(error, _)| of_imap(error)) }).await?;
        let abilities = in_time(async { imap.capabilities().await.map_err(of_imap) }).await?;
        let folder = in_time(async { imap.examine(&settings.folder).await.map_err(of_imap) }).await?;
        let uid_validity = folder.uid_validity.ok_or_else(|| failed(&"the folder has no UIDVALIDITY"))?;
        Ok(Self { imap, uid_validity, tells: abilities.has_str("IDLE") })
    }

    /// Within which the numbers of letters mean the same letters.
    pub fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// The numbers of the letters after one, in order.
    pub async fn uids_after(&mut self, last: u32) -> Result<Vec<u32>, CalendarError> {
        let query = format!("UID {}:*", last.saturating_add(1));
        let found = in_time(async { self.imap.uid_search(query).await.map_err(of_imap) }).await?;
        // A range that begins behind the last letter means the last one.
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// A letter; none where it is gone or larger than [`MAIL_BYTES_MAX`].
    pub async fn letter(&mut self, uid: u32) -> Result<Option<Vec<u8>>, CalendarError> {
        let size = self.fetched(uid, "(UID RFC822.SIZE)").await?.and_then(|fetch| fetch.size);
        match size {
            Some(size) if size <= MAIL_BYTES_MAX => {
                let fetch = self.fetched(uid, "(UID BODY.PEEK[])").await?;
                Ok(fetch.and_then(|fetch| fetch.body().map(<[u8]>::to_vec)))
            }
            Some(size) => {
                tracing::info!(uid, size, "a letter is too large to be an answer to an invitation");
                Ok(None)
            }
            None => Ok(None),
        }
    }

    async fn fetched(
        &mut self,
        uid: u32,
        what: &str,
    ) -> Result<Option<async_imap::types::Fetch>, CalendarError> {
        let fetches = async {
            let stream = self.imap.uid_fetch(uid.to_string(), what).await?;
            stream.try_collect::<Vec<_>>().await
        };
        let fetches = in_time(async { fetches.await.map_err(of_imap) }).await?;
        Ok(fetches.into_iter().find(|fetch| fetch.uid == Some(uid)))
    }

    /// Whether the server told of something beside its answers since this was asked last.
    fn was_told(&mut self) -> bool {
        let mut was_told = false;
        while self.imap.unsolicited_responses.try_recv().is_ok() {
            was_told = true;
        }
        was_told
    }

    /// Waits until there may be something new. The connection is looked after at least every [`MAILBOX_IDLE`].
    pub async fn until_news(mut self) -> Result<Self, CalendarError> {
        if !self.tells {
            tokio::time::sleep(MAILBOX_LOOK_INTERVAL).await;
            in_time(async { self.imap.noop().await.map_err(of_imap) }).await?;
            return Ok(self);
        }
        // News that came beside an answer is not told again.
        if self.was_told() {
            return Ok(self);
        }
        let news = self.imap.unsolicited_responses.clone();
        let mut idle = self.imap.idle();
        in_time(async { idle.init().await.map_err(of_imap) }).await?;
        if news.is_empty() {
            let (waiting, _interrupt) = idle.wait_with_timeout(MAILBOX_IDLE);
            waiting.await.map_err(of_imap)?;
        }
        let imap = in_time(async { idle.done().await.map_err(of_imap) }).await?;
        Ok(Self { imap, ..self })
    }
}

/// A connection on which nothing was said but the greeting and, where it is asked for, the change to TLS.
async fn connected(settings: &MailboxSettings) -> Result<Client<Wired>, CalendarError> {
    let tcp = TcpStream::connect((settings.host.as_str(), settings.port)).await;
    let tcp = tcp.map_err(|error| failed(&error))?;
    let mut client: Client<Wired> = match settings.security {
        MailSecurity::Tls => Client::new(protected(settings, tcp).await?),
        MailSecurity::Starttls | MailSecurity::None => Client::new(Box::new(tcp)),
    };
    if client.read_response().await.map_err(|error| failed(&error))?.is_none() {
        return Err(failed(&"the connection was closed without a greeting"));
    }
    if settings.security == MailSecurity::Starttls {
        client.run_command_and_check_ok("STARTTLS", None).await.map_err(of_imap)?;
        // What came before the change and was not read is dropped with the old client.
        client = Client::new(protected(settings, client.into_inner()).await?);
    }
    Ok(client)
}

async fn protected(settings: &MailboxSettings, wire: impl Wire + 'static) -> Result<Wired, CalendarError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(settings.host.clone()).map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, wire).await;
    Ok(Box::new(stream.map_err(|error| failed(&error))?))
}

/// No answer takes longer than [`MAILBOX_ANSWER_TIME_MAX`].
async fn in_time<T>(answer: impl Future<Output = Result<T, CalendarError>>) -> Result<T, CalendarError> {
    let limit: Duration = MAILBOX_ANSWER_TIME_MAX;
    tokio::time::timeout(limit, answer).await.map_err(|_| failed(&"no answer in time"))?
}

fn of_imap(error: ImapError) -> CalendarError {
    failed(&error)
}

fn failed(error: &dyn fmt::Display) -> CalendarError {
    CalendarError::Source(format!("the IMAP server: {error}"))
}
