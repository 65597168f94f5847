//! What the bridge tells people in rooms.

use bridge_api::{Language, Refusal};
use kit::{Letter, Related, Relation, To, notice, texts::Lang};
use ruma::{OwnedEventId, RoomId, UserId};
use serde_json::Value;
use store::Batch;

use crate::{Bridges, LOCALPART, lanes::Lane};

/// The language of what the bridges say themselves, for whoever reads in this one; both are Chinese first.
pub(crate) const fn language_of(lang: Lang) -> Language {
    match lang {
        Lang::En => Language::En,
        Lang::Zh | Lang::Both => Language::Zh,
    }
}

/// Why something was refused, in words for people.
pub(crate) fn refusal_text(refusal: Option<&Refusal>, language: Language) -> String {
    match refusal {
        Some(refusal) => refusal.words().of(language).to_owned(),
        None => match language {
            Language::Zh => "无法转发".to_owned(),
            Language::En => "it cannot be carried".to_owned(),
        },
    }
}

/// A conversation as people know it: its network, and its name or id.
pub(crate) fn named(lane: &Lane, name: &str, language: Language) -> String {
    let name = if name.is_empty() { lane.1.as_str() } else { name };
    format!("{} · {name}", lane.0.name().of(language))
}

impl Bridges {
    /// The language of notices.
    pub(crate) fn lang(&self) -> Lang {
        match self.0.settings.language {
            Language::Zh => Lang::Zh,
            Language::En => Lang::En,
        }
    }

    /// A conversation as people know it: network and name.
    pub(crate) fn name_of(&self, lane: &Lane) -> String {
        let name = self.portals().get(lane).map(|row| row.name).unwrap_or_default();
        named(lane, &name, self.0.settings.language)
    }

    /// A notice in a room, once for each `unique`.
    pub(crate) fn notice(
        &self,
        batch: &mut Batch,
        room: &RoomId,
        unique: &str,
        key: &str,
        values: &[(&str, &str)],
    ) {
        self.notice_about(batch, room, unique, key, values, None);
    }

    /// The same, in answer to an event.
    pub(crate) fn notice_about(
        &self,
        batch: &mut Batch,
        room: &RoomId,
        unique: &str,
        key: &str,
        values: &[(&str, &str)],
        about: Option<OwnedEventId>,
    ) {
        let text = self.0.kit.texts().fill(self.lang(), key, values);
        let letter = Letter::message(letter_key(unique), LOCALPART, To::Room(room.to_owned()), notice(&text));
        let letter = match about {
            Some(event) => letter.relating(Relation::ReplyTo(Related::Event(event))),
            None => letter,
        };
        self.0.kit.outbox().put(batch, letter);
    }

    /// A notice for one person, in the direct chat of the bot and them, once for each `unique`.
    pub(crate) fn tell(
        &self,
        batch: &mut Batch,
        person: &UserId,
        unique: &str,
        key: &str,
        values: &[(&str, &str)],
    ) {
        let text = self.0.kit.texts().fill(self.lang(), key, values);
        let to = To::Direct(person.to_owned());
        self.0.kit.outbox().put(batch, Letter::message(letter_key(unique), LOCALPART, to, notice(&text)));
    }

    /// State of ours in a room, once for each `unique`.
    pub(crate) fn state(
        &self,
        batch: &mut Batch,
        room: &RoomId,
        unique: &str,
        state_key: &str,
        content: Value,
    ) {
        let letter = Letter {
            kind: format!("{}bridge.status", kit::PREFIX),
            state_key: Some(state_key.to_owned()),
            ..Letter::message(letter_key(unique), LOCALPART, To::Room(room.to_owned()), content)
        };
        self.0.kit.outbox().put(batch, letter);
    }
}

/// Keys of letters have a bound, ids of platforms another.
fn letter_key(unique: &str) -> String {
    use sha2::{Digest as _, Sha256};
    format!("bridge/{}", crate::names::hex(&Sha256::digest(unique.as_bytes())))
}
