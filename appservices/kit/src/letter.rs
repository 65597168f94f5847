//! Letters: what bots send. A row before it is a request, so a crash loses none, and its key makes it one.

use std::{ops::Not, sync::Arc};

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, ServerName, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Batch;
use tokio::sync::Notify;

use crate::{
    FileSource,
    limits::{CONTENT_BYTES_MAX, FILE_BYTES_MAX, FILE_PIECE_BYTES, KEY_BYTES_MAX},
    tables::{OUTBOX, PIECES},
};

/// Where a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum To {
    /// A room that the bot is in.
    Room(OwnedRoomId),
    /// The direct chat of the bot and this person, made if there is none.
    Direct(OwnedUserId),
    /// The room that the bot ordered under this key with [`crate::Kit::order_place`].
    Place(String),
}

/// An event that a letter refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Related {
    /// The event that an earlier letter with this key became.
    Letter(String),
    /// Any event of the room.
    Event(OwnedEventId),
}

/// How a letter refers to another event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// A new version of a message of this bot.
    Edits(Related),
    /// In the thread of this root.
    Thread(Related),
    /// An answer to this.
    ReplyTo(Related),
    /// A reaction; the letter's content is not looked at.
    Reacts(Related, String),
    /// About this, in no way that the other relations have (`m.reference`), like the end of a poll.
    Refers(Related),
    /// About this, in the way of this `rel_type`.
    Other(Related, String),
    /// Takes this away; the letter's content may hold a `reason`.
    Redacts(Related),
}

impl Relation {
    /// What the letter refers to.
    pub(crate) fn related(&self) -> &Related {
        match self {
            Self::Edits(related)
            | Self::Thread(related)
            | Self::ReplyTo(related)
            | Self::Reacts(related, _)
            | Self::Refers(related)
            | Self::Other(related, _)
            | Self::Redacts(related) => related,
        }
    }
}

/// A file that travels with a letter; `url` and `info` of its content are written by the kit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its type, like `text/calendar`.
    pub mimetype: String,
    /// Its bytes. Of more than [`FILE_BYTES_MAX`] words are sent instead.
    pub bytes: Vec<u8>,
}

/// Something to send. Letters of one bot to one place go in the order of their commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// What it is called by later letters, and what makes it unique: a second letter with the same key is not sent, as long
    /// as the kit knows of the first, which is [`crate::limits::LETTER_KEPT_DAYS`] from the last letter that referred to it.
    /// At most [`KEY_BYTES_MAX`].
    pub key: String,
    /// Which bot sends it.
    pub bot: String,
    /// Where it goes. What refers to another letter goes to the room of that letter.
    pub to: To,
    /// The type of the event.
    pub kind: String,
    /// Makes it state.
    #[serde(default)]
    pub state_key: Option<String>,
    /// The content, at most [`CONTENT_BYTES_MAX`].
    pub content: Value,
    /// What it refers to.
    #[serde(default)]
    pub relation: Option<Relation>,
    /// A file with it.
    #[serde(default)]
    pub attachment: Option<Attachment>,
    /// Somebody's file that goes on with it, where it has no own one. The content says its name and type; in a room in the
    /// clear it is in the clear, in an encrypted one it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwards: Option<FileSource>,
    /// Of a new version: the reactions that its message offers from now on, none where nothing can be done with it any more.
    /// Without this they are those that stand behind it in the same batch, or else the ones from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Vec<String>>,
    /// Whether it is read in encrypted rooms alone; elsewhere words say that there is something.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_secret: bool,
}

impl Letter {
    /// A message with this content.
    #[must_use]
    pub fn message(key: impl Into<String>, bot: &str, to: To, content: Value) -> Self {
        Self {
            key: key.into(),
            bot: bot.to_owned(),
            to,
            kind: "m.room.message".to_owned(),
            state_key: None,
            content,
            relation: None,
            attachment: None,
            forwards: None,
            offers: None,
            is_secret: false,
        }
    }

    /// Whose membership of the room it changes, if it does.
    fn member(&self) -> Option<&UserId> {
        let user = self.state_key.as_deref().filter(|_| self.kind == "m.room.member")?;
        <&UserId>::try_from(user).ok()
    }

    /// The same, referring to something.
    #[must_use]
    pub fn relating(self, relation: Relation) -> Self {
        Self { relation: Some(relation), ..self }
    }

    /// The same, of the class `secret` where that is so.
    #[must_use]
    pub fn secret(self, is_secret: bool) -> Self {
        Self { is_secret, ..self }
    }

    /// The same, offering these reactions from now on.
    #[must_use]
    pub fn offering<'a>(self, reactions: impl IntoIterator<Item = &'a str>) -> Self {
        Self { offers: Some(reactions.into_iter().map(ToOwned::to_owned).collect()), ..self }
    }
}

/// What stands in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Parcel {
    Letter(Letter),
    Join {
        bot: String,
        room: OwnedRoomId,
    },
    Leave {
        bot: String,
        room: OwnedRoomId,
    },
    /// A letter whose file has this many bytes, which stand beside it in pieces; nowhere where they are too many.
    Laden {
        letter: Letter,
        bytes: usize,
    },
}
store::record!(Parcel);

impl Parcel {
    pub fn bot(&self) -> &str {
        match self {
            Self::Letter(letter) | Self::Laden { letter, .. } => &letter.bot,
            Self::Join { bot, .. } | Self::Leave { bot, .. } => bot,
        }
    }

    /// What goes one after the other. Who of another server is asked into a room, or out of it, waits for nobody but that server,
    /// and holds up nobody: it may be away.
    pub fn lane(&self, here: &ServerName) -> String {
        match self {
            Self::Letter(letter) | Self::Laden { letter, .. } => match (&letter.to, letter.member()) {
                (To::Room(room), Some(member)) if member.server_name() != here => {
                    format!("{} {room} {}", letter.bot, member.server_name())
                }
                (To::Room(room), _) => format!("{} {room}", letter.bot),
                (To::Direct(user), _) => format!("{} {user}", letter.bot),
                (To::Place(key), Some(member)) if member.server_name() != here => {
                    format!("{} place {key} {}", letter.bot, member.server_name())
                }
                (To::Place(key), _) => format!("{} place {key}", letter.bot),
            },
            Self::Join { bot, room } | Self::Leave { bot, room } => format!("{bot} {room}"),
        }
    }

    /// Whether another server has a say in it, for which our own waits.
    pub fn is_far(&self, here: &ServerName) -> bool {
        match self {
            Self::Letter(letter) | Self::Laden { letter, .. } => match &letter.to {
                To::Direct(user) => user.server_name() != here,
                To::Room(_) | To::Place(_) => letter.member().is_some_and(|user| user.server_name() != here),
            },
            Self::Join { .. } | Self::Leave { .. } => false,
        }
    }
}

/// Where letters are put. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    news: Arc<Notify>,
}

impl Outbox {
    /// Adds a letter to a batch; it is sent after the commit. One over a bound is told of in the log and left out: a
    /// mistake in a text must not hold up the decision it tells of.
    pub fn put(&self, batch: &mut Batch, letter: Letter) {
        if let Some(reason) = fault(&letter) {
            metrics::counter!("bots_letters_total", "outcome" => "malformed").increment(1);
            tracing::error!(key = letter.key, bot = letter.bot, reason, "a letter cannot be sent");
            return;
        }
        let is_large = |file: &&Attachment| file.bytes.len() > FILE_PIECE_BYTES;
        match letter.attachment.as_ref().filter(is_large).map(|file| file.bytes.len()) {
            None => self.put_parcel(batch, &Parcel::Letter(letter)),
            Some(bytes) => self.put_laden(batch, letter, bytes),
        }
    }

    /// A file that is too large for the row of its letter stands in rows of its own.
    fn put_laden(&self, batch: &mut Batch, mut letter: Letter, bytes: usize) {
        let file = letter.attachment.as_mut().map(|file| std::mem::take(&mut file.bytes)).unwrap_or_default();
        let place = self.put_at_end(batch, &Parcel::Laden { letter, bytes });
        let pieces = file.chunks(FILE_PIECE_BYTES).filter(|_| bytes <= FILE_BYTES_MAX);
        for (number, piece) in (0_u32..).zip(pieces) {
            batch.put(&PIECES, &(place, number), &Bytes::copy_from_slice(piece));
        }
    }

    /// Has the letter `of` stand anew in the room that took the place of its own, with these reactions below it. `version` says how it
    /// reads now, has a key of its own and goes to that room: there it becomes a message of its own, under the name of the letter.
    pub fn put_anew<'a>(
        &self,
        batch: &mut Batch,
        version: Letter,
        of: &str,
        reactions: impl IntoIterator<Item = &'a str>,
    ) {
        let Letter { key, bot, to, .. } = version.clone();
        let of = Related::Letter(of.to_owned());
        let reactions: Vec<&str> = reactions.into_iter().collect();
        let version = version.offering(reactions.iter().copied());
        self.put(batch, version.relating(Relation::Edits(of.clone())));
        for (place, reaction) in reactions.into_iter().enumerate() {
            let relation = Relation::Reacts(of.clone(), reaction.to_owned());
            let seed = Letter::message(format!("{key}/seed{place}"), &bot, to.clone(), json!({}));
            self.put(batch, seed.relating(relation));
        }
    }

    pub(crate) fn put_parcel(&self, batch: &mut Batch, parcel: &Parcel) {
        self.put_at_end(batch, parcel);
    }

    /// The place that it has, as far as the batch knows it.
    fn put_at_end(&self, batch: &mut Batch, parcel: &Parcel) -> StreamPos {
        let place = batch.position();
        batch.put(&OUTBOX, &place, parcel);
        let news = Arc::clone(&self.news);
        batch.on_visible(move |_| news.notify_one());
        place
    }

    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

fn fault(letter: &Letter) -> Option<&'static str> {
    let has_content = letter.content.is_object();
    let content_bytes = serde_json::to_vec(&letter.content).map_or(usize::MAX, |bytes| bytes.len());
    if letter.key.is_empty() || letter.key.len() > KEY_BYTES_MAX {
        Some("its key is empty or too long")
    } else if !has_content {
        Some("its content is no object")
    } else if content_bytes > CONTENT_BYTES_MAX {
        Some("its content is too large")
    } else {
        None
    }
}
