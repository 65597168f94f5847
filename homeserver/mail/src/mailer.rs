//! Handing letters to the mail server.

use std::sync::Arc;

use base::Rng;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{PoolConfig, authentication::Credentials},
};

use crate::{
    Address, Letter, MailError, MailSecurity, MailSettings,
    limits::{COMMAND_TIME_MAX, CONNECTIONS_MAX, LETTER_TIME_MAX},
};

/// Letters of a message id.
const MESSAGE_ID_LENGTH: usize = 32;

/// A calendar that travels with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPart {
    /// What it wants, as it stands in it: `REQUEST`.
    pub method: &'static str,
    /// The iCalendar file.
    pub text: String,
}

/// The way to the mail server. Cloning it shares the connections.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    rng: Rng,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.0.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer that has not connected yet.
    ///
    /// # Errors
    /// [`MailError::Setup`] says which setting cannot be used.
    pub fn new(settings: MailSettings, rng: Rng) -> Result<Self, MailError> {
        // Whoever installs a provider first wins; all of them are ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let from = settings.from.parse::<Mailbox>();
        let from = from.map_err(|error| MailError::Setup(format!("the sender: {error}")))?;
        let setup = |error: lettre::transport::smtp::Error| MailError::Setup(error.to_string());
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let mut builder = match settings.security {
            MailSecurity::Starttls => Smtp::starttls_relay(&settings.host).map_err(setup)?,
            MailSecurity::Tls => Smtp::relay(&settings.host).map_err(setup)?,
            MailSecurity::None => Smtp::builder_dangerous(&settings.host),
        };
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let transport = builder
            .port(settings.port)
            .timeout(Some(COMMAND_TIME_MAX))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX))
            .build();
        Ok(Self(Arc::new(Inner { transport, from, rng })))
    }

    /// Hands a letter over; the mail server answers for it from then on.
    ///
    /// # Errors
    /// [`MailError`]; the letter was not taken then, unless the answer was lost.
    pub async fn send(&self, to: &Address, letter: &Letter) -> Result<(), MailError> {
        self.send_named(&self.0.rng.string(MESSAGE_ID_LENGTH), to, letter).await
    }

    /// The same under a name by which the letter is known again should it come back: the part of its message id before the `@`,
    /// of letters and digits.
    ///
    /// # Errors
    /// As for [`Mailer::send`].
    pub async fn send_named(&self, name: &str, to: &Address, letter: &Letter) -> Result<(), MailError> {
        self.hand_over(self.compose(name, to, letter, None)?).await
    }

    /// The same, with a calendar for the programs of who gets it (RFC 6047).
    ///
    /// # Errors
    /// As for [`Mailer::send`].
    pub async fn send_calendar(
        &self,
        to: &Address,
        letter: &Letter,
        calendar: &CalendarPart,
    ) -> Result<(), MailError> {
        let name = self.0.rng.string(MESSAGE_ID_LENGTH);
        self.hand_over(self.compose(&name, to, letter, Some(calendar))?).await
    }

    /// The mailbox that letters come from.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.0.from.email.as_ref()
    }

    async fn hand_over(&self, message: Message) -> Result<(), MailError> {
        let sending = tokio::time::timeout(LETTER_TIME_MAX, self.0.transport.send(message));
        let outcome = match sending.await {
            Err(_) => Err(MailError::Down("no answer in time".to_owned())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Ok(Err(error)) => Err(MailError::Down(error.to_string())),
        };
        let label = match &outcome {
            Ok(()) => "sent",
            Err(MailError::Refused(_)) => "refused",
            Err(MailError::Setup(_) | MailError::Compose(_) | MailError::Down(_)) => "failed",
        };
        metrics::counter!("mail_letters_total", "outcome" => label).increment(1);
        outcome
    }

    fn compose(
        &self,
        name: &str,
        to: &Address,
        letter: &Letter,
        calendar: Option<&CalendarPart>,
    ) -> Result<Message, MailError> {
        let compose = |error: String| MailError::Compose(error);
        let address: lettre::Address = to.as_str().parse().map_err(|_| compose("the address".to_owned()))?;
        let domain = self.0.from.email.domain();
        let mut builder = Message::builder()
            .from(self.0.from.clone())
            .to(Mailbox::new(None, address))
            .message_id(Some(format!("<{name}@{domain}>")))
            .subject(letter.subject.clone())
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        if let Some(link) = &letter.unsubscribe_link {
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{link}>")))
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let mut parts = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        if let Some(calendar) = calendar {
            let kind = format!("text/calendar; charset=utf-8; method={}; component=VEVENT", calendar.method);
            let kind = ContentType::parse(&kind).map_err(|error| compose(error.to_string()))?;
            parts = parts.singlepart(SinglePart::builder().header(kind).body(calendar.text.clone()));
        }
        builder.multipart(parts).map_err(|error| compose(error.to_string()))
    }
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    // A link of ours has no line breaks; if one had, the header would end there.
    let value: String = value.chars().filter(|character| !character.is_control()).collect();
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}
