//! The paid archive of chats: all that is said in groups, numbered, each entry encrypted for whoever has the company's private key.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};
use simulator_stage::Chance;

use super::apps::App;
use super::messages::{Author, Message};
use super::{Receiver, State};
use crate::crypto;
use crate::limits::MESSAGES_MAX;
use crate::refusal::Refusal;

/// The number of the archive among the apps.
pub(crate) const ARCHIVE_AGENT: u64 = 2_000_004;
/// How long an entry can be read.
const KEPT_MS: u64 = 5 * 24 * 3_600_000;
/// How long nothing is told after something was told.
const NOTICE_EVERY_MS: u64 = 15_000;
/// What stands behind a text in an entry, so that another key is told from the right one.
const MARK: &str = "archive";

/// The archive.
pub(crate) struct Archive {
    /// The public key that counts now, and its version.
    key: (u64, RsaPublicKey),
    pub(crate) entries: Vec<Entry>,
    /// What the archive calls groups, by the ids that bots know.
    pub(crate) rooms: BTreeMap<String, String>,
    /// What the archive calls robots, by who they are elsewhere.
    robots: BTreeMap<String, String>,
    /// What robots are called, by the archive's ids.
    pub(crate) names: BTreeMap<String, String>,
    /// Whether somebody from outside agreed, by room.
    pub(crate) consents: BTreeMap<String, BTreeMap<String, bool>>,
    /// Whether somebody from outside agreed, by the member to whom they speak alone, by folded id, and by their own id.
    pub(crate) agreements: BTreeMap<(String, String), bool>,
    /// The members who have no licence, by folded id.
    pub(crate) unlicensed: BTreeSet<String>,
    /// The furthest place behind which somebody asked for entries.
    pub(crate) read: u64,
    /// When it was told last that there is something.
    noticed_ms: u64,
}

/// An entry.
pub(crate) struct Entry {
    pub(crate) seq: u64,
    at_ms: u64,
    pub(crate) shown: Value,
}

impl Entry {
    /// Whether it can still be read.
    pub(crate) fn is_kept(&self, now_ms: u64) -> bool {
        self.at_ms + KEPT_MS > now_ms
    }
}

/// Chance as the cipher wants it.
struct Padding<'a>(&'a mut Chance);

impl CryptoRng for Padding<'_> {}

impl RngCore for Padding<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::try_from(self.0.below(u64::from(u32::MAX) + 1)).unwrap_or_default()
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.block()[..8].try_into().unwrap_or_default())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(16) {
            chunk.copy_from_slice(&self.0.block()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// What an entry says, by its own key; nothing when it is another one's.
pub(crate) fn opened(key: &str, message: &str) -> Option<String> {
    let key: crypto::Key = STANDARD.decode(key).ok()?.try_into().ok()?;
    crypto::open(&key, message).ok().filter(|(_, mark)| mark == MARK).map(|(text, _)| text)
}

impl State {
    /// Opens the archive, or gives it a younger key: what is said from now on is encrypted with it.
    pub(crate) fn use_archive(
        &mut self,
        secret: String,
        version: u64,
        public_key: &str,
    ) -> Result<Value, Refusal> {
        let key = RsaPublicKey::from_public_key_pem(public_key);
        let key = (version, key.map_err(|_| Refusal::control("it is no public key as PEM"))?);
        match &mut self.archive {
            Some(archive) => archive.key = key,
            None => {
                let (entries, names, robots) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
                let (rooms, consents, agreements) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
                let (read, noticed_ms) = (0, 0);
                self.archive = Some(Archive {
                    key,
                    entries,
                    rooms,
                    robots,
                    names,
                    consents,
                    agreements,
                    unlicensed: BTreeSet::new(),
                    read,
                    noticed_ms,
                });
            }
        }
        let callback = self.apps.get(&ARCHIVE_AGENT).and_then(|app| app.callback.clone());
        let app = App { callback, ..App::of_archive(ARCHIVE_AGENT, secret) };
        self.apps.insert(ARCHIVE_AGENT, app);
        Ok(json!({ "corp_id": self.corp_id }))
    }

    /// What the archive calls a group.
    pub(crate) fn archived_room(&mut self, chat: &str) -> Result<String, Refusal> {
        let chat = self.chat(chat)?.id.clone();
        let archive = self.archive.as_mut().ok_or_else(|| Refusal::control("there is no archive"))?;
        let chance = &mut self.stage.chance;
        Ok(archive.rooms.entry(chat).or_insert_with(|| chance.id("wrRoom", 26)).clone())
    }

    /// Puts an entry into the archive, whatever it is; answers its place.
    pub(crate) fn archive(&mut self, mut message: Value) -> Result<u64, Refusal> {
        let now = self.now_ms();
        let archive = self.archive.as_mut().ok_or_else(|| Refusal::control("there is no archive"))?;
        if archive.entries.len() >= MESSAGES_MAX {
            return Err(Refusal::new(-1));
        }
        if message.get("msgtime").is_none() {
            message["msgtime"] = now.into();
        }
        let chance = &mut self.stage.chance;
        let mut key: crypto::Key = [0; 32];
        key[..16].copy_from_slice(&chance.block());
        key[16..].copy_from_slice(&chance.block());
        let none = || Refusal::control("the entry cannot be encrypted");
        let sealed = crypto::seal(&key, chance.block(), &message.to_string(), MARK, None).ok_or_else(none)?;
        let (version, public_key) = &archive.key;
        let spoken = STANDARD.encode(key);
        let own = public_key.encrypt(&mut Padding(&mut *chance), Pkcs1v15Encrypt, spoken.as_bytes());
        let own = STANDARD.encode(own.map_err(|_| none())?);
        // There are gaps, as on the platform.
        let seq = archive.entries.last().map_or(100, |last| last.seq) + 1 + chance.below(3);
        let shown = json!({
            "seq": seq, "msgid": message.get("msgid"), "publickey_ver": version, "encrypt_random_key": own,
            "encrypt_chat_msg": sealed,
        });
        archive.entries.push(Entry { seq, at_ms: now, shown });
        self.notice_archive(now);
        Ok(seq)
    }

    /// Tells the address of the archive that there is something, if it has one and was not told a moment ago.
    fn notice_archive(&mut self, now_ms: u64) {
        let has_address = self.apps.get(&ARCHIVE_AGENT).is_some_and(|app| app.callback.is_some());
        let due = |archive: &&mut Archive| now_ms >= archive.noticed_ms + NOTICE_EVERY_MS;
        if let Some(archive) = self.archive.as_mut().filter(|_| has_address).filter(due) {
            archive.noticed_ms = now_ms;
            self.emit(ARCHIVE_AGENT, "sys", "msgaudit_notify", &json!({}));
        }
    }

    /// Notes what was said, when it was said in a group.
    pub(crate) fn archive_said(&mut self, id: &str) -> Result<(), Refusal> {
        let Some((message, room, people)) = self.archivable(id)? else { return Ok(()) };
        let from = match &message.by {
            Author::Person(person) => self.spelled(person),
            robot => self.archived_robot(robot),
        };
        let (kind, member, content) = self.archived_content(&message);
        let mut entry = json!({
            "msgid": archived_id(&message), "action": "send", "from": from, "tolist": people, "roomid": room,
            "msgtime": message.created_ms, "msgtype": kind,
        });
        entry[member] = content;
        self.archive(entry).map(drop)
    }

    /// Notes that something was taken back.
    pub(crate) fn archive_recalled(&mut self, id: &str) -> Result<(), Refusal> {
        let Some((message, room, people)) = self.archivable(id)? else { return Ok(()) };
        let before = archived_id(&message);
        let entry = json!({
            "msgid": format!("{before}_revoke"), "action": "recall", "from": self.spelled(&message.by.id()),
            "tolist": people, "roomid": room, "msgtype": "revoke", "revoke": { "pre_msgid": before },
        });
        self.archive(entry).map(drop)
    }

    fn archivable(&mut self, id: &str) -> Result<Option<(Message, String, Value)>, Refusal> {
        let Some(archive) = &self.archive else { return Ok(None) };
        let Some(message) = self.messages.get(id).cloned() else { return Ok(None) };
        let group = self.chats.get(&message.draft.chat).filter(|chat| chat.direct.is_none());
        let licensed = |person: &String| !archive.unlicensed.contains(person);
        let Some(chat) = group.filter(|chat| chat.people.iter().any(licensed)).cloned() else {
            return Ok(None);
        };
        let people = self.people_of(&chat);
        Ok(Some((message, self.archived_room(&chat.id)?, people)))
    }

    /// What the archive calls a robot.
    fn archived_robot(&mut self, author: &Author) -> String {
        let name = match author {
            Author::Person(id) => id.clone(),
            Author::App(agent) => self.apps.get(agent).map(|app| app.name.clone()).unwrap_or_default(),
            Author::Bot(bot) => self.bots.get(bot).map(|bot| bot.name.clone()).unwrap_or_default(),
            Author::Webhook(key) => self.webhooks.get(key).map(|hook| hook.name.clone()).unwrap_or_default(),
            Author::Account(id) => self.name_of_receiver(&Receiver::Account(id.clone())),
        };
        let Some(archive) = &mut self.archive else { return String::new() };
        let chance = &mut self.stage.chance;
        let id = archive.robots.entry(author.id()).or_insert_with(|| chance.id("wb", 30)).clone();
        archive.names.insert(id.clone(), name);
        id
    }
}

/// The archive calls messages otherwise than bots hear them called.
fn archived_id(message: &Message) -> String {
    format!("CAQQ{}_{}", message.id, message.created_ms)
}
