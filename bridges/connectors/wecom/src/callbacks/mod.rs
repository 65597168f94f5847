//! Requests that the platform makes to us: the app's as XML, the AI bot's as JSON, and the test of an address that comes before
//! either. One address serves both; whose a request is, its signature says.

use async_trait::async_trait;
use bridge_api::{
    Arrival, Bounded, CallbackAnswer, CallbackRefused as Refused, CallbackRequest, Callbacks, Happened,
    Inbox, Secret, digest, handed_over,
    sealed::{self, Crypt},
};
use bytes::Bytes;
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::Value;

use crate::{
    incoming::Incoming,
    limits::{ECHO_BYTES_MAX, SEEN_CALLBACKS_MAX, SIGNATURE_AGE_MAX_SECONDS, TAKEN_WITHIN, XML_BYTES_MAX},
    settings::{BotMode, Hook, WeComSettings},
    xml::{self, Element},
};

/// Whose callbacks a key decrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    App,
    Bot,
}

struct Lock {
    owner: Owner,
    token: Secret,
    crypt: Crypt,
}

/// Answers requests of the platform.
pub struct Hooks {
    locks: Vec<Lock>,
    incoming: Incoming,
    /// Marks of callbacks that were taken, so that none is taken twice. Forgotten with the process: the core knows arrivals by
    /// their keys.
    seen: Mutex<Bounded<String>>,
}

/// What stands in the address of every request.
struct Signed {
    signature: String,
    timestamp: String,
    nonce: String,
    echo: Option<String>,
}

impl Hooks {
    /// Hooks of one company; nothing when neither app nor bot is called by HTTP.
    ///
    /// # Errors
    /// The reason why a key is none.
    pub fn new(settings: &WeComSettings, incoming: Incoming) -> Result<Option<Self>, String> {
        let mut locks = Vec::new();
        let mut add = |owner, hook: &Hook, receiver: &str| {
            let crypt = Crypt::new(hook.aes_key.expose(), receiver).map_err(|error| error.to_string())?;
            locks.push(Lock { owner, token: hook.token.clone(), crypt });
            Ok::<_, String>(())
        };
        if let Some(hook) = settings.app.as_ref().and_then(|app| app.callback.as_ref()) {
            add(Owner::App, hook, &settings.corp_id)?;
        }
        if let Some(BotMode::Callback(hook)) = settings.bot.as_ref().map(|bot| &bot.mode) {
            // The receiver of what is meant for a bot is empty.
            add(Owner::Bot, hook, "")?;
        }
        let seen = Mutex::new(Bounded::new(SEEN_CALLBACKS_MAX));
        Ok((!locks.is_empty()).then(|| Self { locks, incoming, seen }))
    }

    async fn answer(&self, request: &CallbackRequest, inbox: &dyn Inbox) -> Result<String, Refused> {
        let signed = Signed::read(&request.query)?;
        match request.method.as_str() {
            "GET" => self.tested(&signed),
            "POST" => self.brought(request, &signed, inbox).await.map(|()| String::new()),
            _ => Err(Refused::Senseless("neither GET nor POST")),
        }
    }

    /// The console tests an address: it wants to see what it encrypted. Nothing else is ever decrypted for whoever asks, or a
    /// callback that somebody overheard could be read by asking us.
    fn tested(&self, signed: &Signed) -> Result<String, Refused> {
        let echo = signed.echo.as_deref().ok_or(Refused::Senseless("no echostr"))?;
        let (_, plain) = self.opened(signed, echo)?;
        let is_word =
            plain.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        if plain.len() <= ECHO_BYTES_MAX && is_word {
            Ok(plain)
        } else {
            Err(Refused::Forged("no word of a test"))
        }
    }

    async fn brought(
        &self,
        request: &CallbackRequest,
        signed: &Signed,
        inbox: &dyn Inbox,
    ) -> Result<(), Refused> {
        let body =
            std::str::from_utf8(&request.body).map_err(|_| Refused::Senseless("the body is no text"))?;
        let encrypted = encrypted(body)?;
        let (owner, plain) = self.opened(signed, &encrypted)?;
        // The same once more is acknowledged, because our first answer may be what got lost, and changes nothing.
        let mark = digest(format!("{}\n{encrypted}", signed.signature).as_bytes());
        if self.seen.lock().get(&mark).is_some() {
            return Ok(());
        }
        let proof = digest(&request.body);
        let arrivals = match owner {
            Owner::App => {
                let xml = xml::read(&plain).map_err(|error| {
                    tracing::warn!(%error, "a callback of the app cannot be read");
                    Refused::Senseless("the message is no XML")
                })?;
                self.incoming.app(Element::of(&xml), &proof).await
            }
            Owner::Bot => {
                let body: Value =
                    serde_json::from_str(&plain).map_err(|_| Refused::Senseless("the message is no JSON"))?;
                let arrival = self.incoming.bot(&body, None, &proof).await;
                arrival.map(|arrival| arrival.into_iter().collect())
            }
        };
        let arrivals = arrivals.map_err(|error| {
            tracing::warn!(%error, "a callback is not understood yet; the platform brings it again");
            Refused::NotKept
        })?;
        let is_acted = |arrival: &&Arrival| matches!(arrival.what, Happened::Acted(_));
        let acted: Vec<Arrival> = arrivals.iter().filter(is_acted).cloned().collect();
        if !handed_over(inbox, arrivals, TAKEN_WITHIN).await {
            return Err(Refused::NotKept);
        }
        self.incoming.office.taken(&acted).await;
        self.seen.lock().put(mark, ());
        Ok(())
    }

    /// Decrypts what somebody signed who knows the token. App and bot may have been given the same token and key: then the
    /// receiver tells whose it is.
    fn opened(&self, signed: &Signed, encrypted: &str) -> Result<(Owner, String), Refused> {
        let fits = |lock: &&Lock| {
            let expected =
                sealed::signature(lock.token.expose(), &signed.timestamp, &signed.nonce, encrypted);
            sealed::equal(&expected, &signed.signature)
        };
        let mut refused = Refused::Forged("a wrong signature");
        for lock in self.locks.iter().filter(fits) {
            self.is_young(signed)?;
            match lock.crypt.decrypt(encrypted) {
                Ok(plain) => return Ok((lock.owner, plain)),
                Err(_) => refused = Refused::Forged("not encrypted for us"),
            }
        }
        Err(refused)
    }

    fn is_young(&self, signed: &Signed) -> Result<(), Refused> {
        let at: u64 = signed.timestamp.parse().map_err(|_| Refused::Forged("a time without sense"))?;
        let now = self.incoming.clock.now_ms() / 1_000;
        if now.abs_diff(at) > SIGNATURE_AGE_MAX_SECONDS {
            Err(Refused::Forged("an old signature"))
        } else {
            Ok(())
        }
    }
}

impl Signed {
    fn read(query: &str) -> Result<Self, Refused> {
        let mut url: Url = "http://localhost/".parse().map_err(|_| Refused::Senseless("no address"))?;
        url.set_query(Some(query));
        let value = |names: &[&str]| {
            url.query_pairs().find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned())
        };
        let needed = |names: &[&str]| value(names).ok_or(Refused::Forged("no signature"));
        Ok(Self {
            signature: needed(&["msg_signature", "msgsignature", "signature"])?,
            timestamp: needed(&["timestamp"])?,
            nonce: needed(&["nonce"])?,
            // A plus sign that was not encoded reads as a space.
            echo: value(&["echostr"]).map(|echo| echo.replace(' ', "+")),
        })
    }
}

/// What is encrypted in a body, which is XML for apps and JSON for bots; apps' may be JSON too.
fn encrypted(body: &str) -> Result<String, Refused> {
    let body = body.trim();
    if body.len() > XML_BYTES_MAX {
        return Err(Refused::Senseless("the body is too large"));
    }
    let found = if body.starts_with('{') {
        let value: Value =
            serde_json::from_str(body).map_err(|_| Refused::Senseless("the body is no JSON"))?;
        ["encrypt", "Encrypt"].iter().find_map(|name| value.get(name)?.as_str().map(str::to_owned))
    } else {
        let xml = xml::read(body).map_err(|_| Refused::Senseless("the body is no XML"))?;
        Element::of(&xml).text("Encrypt").map(str::to_owned)
    };
    found.ok_or(Refused::Senseless("nothing is encrypted"))
}

#[async_trait]
impl Callbacks for Hooks {
    async fn call(&self, request: CallbackRequest, inbox: &dyn Inbox) -> CallbackAnswer {
        let (status, body) = match self.answer(&request, inbox).await {
            Ok(body) => (200, Bytes::from(body)),
            Err(refused) => {
                let (status, words) = refused.answered();
                (status, Bytes::from_static(words.as_bytes()))
            }
        };
        CallbackAnswer { status, content_type: "text/plain", body }
    }
}

#[cfg(test)]
mod tests;
