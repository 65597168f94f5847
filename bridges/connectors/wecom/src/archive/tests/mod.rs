//! The archive from its entries on: what each kind of message becomes, and what is kept, repeated, left out when something goes wrong.

mod customers;
pub mod keys;
mod kinds;
mod reading;
mod troubles;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{
    Arrival, Clock, ConversationId, Rng, Secret, Shutdown,
    double::{Basket, Rows},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Archive, ArchiveError, ArchiveKey, ArchiveSettings, Piece, Sealed, archived::Archived};
use crate::{
    connector::WeCom,
    peer::{Platform, settings as company},
};

/// Longer than any pause; where the clock is not paused, what is waited for comes at once.
const PATIENCE: Duration = Duration::from_secs(1_000);
/// How often somebody looks whether it is done.
const MOMENT: Duration = Duration::from_millis(5);
/// The version of the key that the tests encrypt with.
const VERSION: u64 = 3;

/// Settings of an archive with one room that the bot is in as well.
pub fn settings() -> ArchiveSettings {
    ArchiveSettings {
        secret: Secret::new("the archive's secret"),
        helper: "/nowhere/archive_helper".into(),
        library: "/nowhere/library.so".into(),
        private_keys: vec![ArchiveKey { version: VERSION, pem: Secret::new(keys::PRIVATE_KEY) }],
        proxy: String::new(),
        proxy_password: Secret::new(""),
        rooms: vec![("wrPaired".to_owned(), ConversationId::new("group:wrBot").expect("an id"))],
        direct_chats: false,
        own_robots: vec!["Alarm".to_owned()],
    }
}

/// An archive in memory: its messages are not encrypted, its keys are. What goes wrong next stands in a list.
#[derive(Default)]
struct Shelved {
    entries: Mutex<Vec<Sealed>>,
    troubles: Mutex<VecDeque<ArchiveError>>,
    /// Behind which places entries were asked for.
    asked: Mutex<Vec<(u64, u32)>>,
    files: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Shelved {
    /// Puts an entry behind the others; answers its place.
    fn put(&self, entry: &Value) -> u64 {
        self.put_sealed(VERSION, keys::sealed("key"), entry.to_string())
    }

    fn put_sealed(&self, key_version: u64, key: String, message: String) -> u64 {
        let mut entries = self.entries.lock();
        let seq = entries.last().map_or(100, |last| last.seq) + 2;
        entries.push(Sealed { seq, message_id: format!("m{seq}"), key_version, key, message });
        seq
    }

    fn trouble(&self, error: ArchiveError) {
        self.troubles.lock().push_back(error);
    }

    fn next_trouble(&self) -> Result<(), ArchiveError> {
        self.troubles.lock().pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Archive for Shelved {
    async fn sign_in(&self) -> Result<(), ArchiveError> {
        self.next_trouble()
    }

    async fn entries(&self, after: u64, most: u32) -> Result<Vec<Sealed>, ArchiveError> {
        self.asked.lock().push((after, most));
        self.next_trouble()?;
        let entries = self.entries.lock();
        let found =
            entries.iter().filter(|entry| entry.seq > after).take(usize::try_from(most).expect("small"));
        Ok(found.cloned().collect())
    }

    async fn decrypted(&self, key: &str, message: &str) -> Result<String, ArchiveError> {
        assert_eq!(key, "key");
        if message.is_empty() { Err(ArchiveError::Library(10_006)) } else { Ok(message.to_owned()) }
    }

    async fn piece(&self, file: &str, index: &str) -> Result<Piece, ArchiveError> {
        self.next_trouble()?;
        let files = self.files.lock();
        let bytes = files.iter().find(|(known, _)| known == file).map(|(_, bytes)| bytes);
        let bytes = bytes.ok_or(ArchiveError::Library(10_005))?;
        let from: usize = index.parse().unwrap_or(0);
        let end = (from + 4).min(bytes.len());
        let next = (end < bytes.len()).then(|| end.to_string());
        Ok(Piece { bytes: bytes[from..end].to_vec().into(), next })
    }
}

/// A company with an archive, whose platform answers by a script.
struct World {
    platform: Platform,
    shelf: Arc<Rows>,
    archive: Arc<Shelved>,
    basket: Arc<Basket>,
    connector: WeCom,
    archived: Archived,
}

impl World {
    async fn new(change: impl FnOnce(&mut ArchiveSettings)) -> Self {
        let platform = Platform::default();
        let mut own = settings();
        change(&mut own);
        let mut company = company(&platform.start().await);
        company.archive = Some(own);
        let (shelf, archive) = (Arc::<Rows>::default(), Arc::<Shelved>::default());
        let (connector, archived) = Self::started(company, &shelf, &archive);
        Self { platform, shelf, archive, basket: Arc::default(), connector, archived }
    }

    fn started(
        company: crate::WeComSettings,
        shelf: &Arc<Rows>,
        archive: &Arc<Shelved>,
    ) -> (WeCom, Archived) {
        let own = company.archive.clone().expect("an archive");
        let connector = WeCom::new(company, shelf.clone(), Clock::fake(1_700_000_000_000), Rng::seeded(1))
            .expect("settings");
        let incoming = connector.incoming().clone();
        let twins = incoming.twins.clone().expect("an archive");
        let archived = Archived::of(archive.clone(), own, twins, incoming, Rng::seeded(2)).expect("settings");
        (connector, archived)
    }

    /// The same company after a kill.
    fn restart(&mut self, change: impl FnOnce(&mut ArchiveSettings)) {
        let mut company = self.connector.settings().clone();
        change(company.archive.as_mut().expect("an archive"));
        (self.connector, self.archived) = Self::started(company, &self.shelf, &self.archive);
    }

    /// Reads until it is `done`.
    async fn read_until(&self, done: impl Future<Output = ()>) {
        let shutdown = Shutdown::new();
        tokio::select! {
            () = self.archived.keep(self.basket.as_ref(), &shutdown) => panic!("it ended"),
            done = timeout(PATIENCE, done) => done.expect("it comes"),
        }
    }

    /// Reads until somebody has looked for entries so often.
    async fn read_until_looked(&self, times: usize) {
        let looked = async {
            while self.archive.asked.lock().len() < times {
                tokio::time::sleep(MOMENT).await;
            }
        };
        self.read_until(looked).await;
    }

    /// Reads until all that is in the archive is handed over.
    async fn read_all(&self) {
        let last = self.archive.entries.lock().last().map_or(0, |last| last.seq);
        let read = async {
            while self.archived.keeper.place().await.expect("a shelf") < last {
                tokio::time::sleep(MOMENT).await;
            }
        };
        self.read_until(read).await;
    }

    /// Reads what one entry becomes.
    async fn one(&self, entry: &Value) -> Vec<Arrival> {
        let before = self.basket.taken().len();
        self.archive.put(entry);
        self.read_all().await;
        self.basket.taken().split_off(before)
    }
}

/// An entry of somebody in a group, with other fields.
fn entry(id: &str, more: Value) -> Value {
    let mut entry = json!({"msgid": id, "action": "send", "from": "ZhangSan", "tolist": ["lisi", "wangwu"],
        "roomid": "wrRoom", "msgtime": 1_700_000_000_000_u64, "msgtype": "text", "text": {"content": "你好"}});
    for (name, value) in more.as_object().into_iter().flatten() {
        entry[name] = value.clone();
    }
    entry
}
