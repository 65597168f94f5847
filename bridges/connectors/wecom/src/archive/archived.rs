//! The archive of one company, put together of its parts.

use std::sync::Arc;

use bridge_api::{CheckStep, Failure, Inbox, Rng, Shutdown, Words, lenient::items, words};
use parking_lot::Mutex;
use serde_json::json;

use super::{
    Archive, ArchiveSettings, Media, Twins,
    helper::Helper,
    keeper::{Keeper, Progress},
    keys::Keys,
    reader::Reader,
    rooms::Rooms,
    senders::Senders,
};
use crate::{
    client::Client,
    failing::Failing,
    incoming::Incoming,
    settings::{App, WeComSettings},
};

words! {
    SIGNED_IN = "由会话内容存档的组件读取存档" | "read the chat archive by its library";
    SIGNED_IN_ADVICE = "按错误所述编译 archive_helper、下载官方组件，并核对存档 Secret、私钥版本与「可信IP」" | "build archive_helper and fetch the library as the error says, and compare the archive's secret, the versions of the keys and the trusted addresses with the console";
    PERMITS = "读取已开启存档的成员" | "read who has a licence of the archive";
    PERMITS_ADVICE = "在「管理工具 › 会话内容存档」中开启成员，并核对存档 Secret" | "give people a licence under management tools, chat archive, and compare the archive's secret";
}

/// The archive of one company.
pub struct Archived {
    client: Arc<Client>,
    archive: Arc<dyn Archive>,
    pub(super) keeper: Keeper,
    media: Arc<Media>,
}

impl Archived {
    /// The archive behind the helper process. Nothing is started yet.
    ///
    /// # Errors
    /// The reason why none can be made of these settings.
    pub fn open(
        settings: ArchiveSettings,
        twins: Arc<Twins>,
        incoming: Incoming,
        rng: Rng,
    ) -> Result<Self, String> {
        let corp_id = incoming.client.settings().corp_id.clone();
        let archive = Arc::new(Helper::new(corp_id, settings.clone(), rng.clone()));
        Self::of(archive, settings, twins, incoming, rng)
    }

    /// The same over any archive.
    pub(super) fn of(
        archive: Arc<dyn Archive>,
        settings: ArchiveSettings,
        twins: Arc<Twins>,
        incoming: Incoming,
        rng: Rng,
    ) -> Result<Self, String> {
        let (app, shelf, clock) = (incoming.client.clone(), incoming.shelf.clone(), incoming.clock.clone());
        let client = Arc::new(Client::new(as_app(app.settings(), &settings), shelf.clone(), &clock)?);
        let keys = Arc::new(Keys::new(&settings.private_keys, rng.clone())?);
        let bots = app.settings().bot.iter().flat_map(|bot| bot.names.clone());
        let own = settings.own_robots.iter().cloned().chain(bots).collect();
        let senders = Senders::new(client.clone(), incoming.people.clone(), own);
        let rooms = Rooms::new(client.clone(), app, incoming.groups.clone());
        let reader = Reader { settings, incoming, senders, rooms, twins };
        let progress = Mutex::new(Progress::default());
        let media = Arc::new(Media::new(archive.clone(), shelf.clone()));
        let failing = Failing::archive();
        let keeper = Keeper { archive: archive.clone(), keys, reader, shelf, clock, rng, progress, failing };
        Ok(Self { client, archive, keeper, media })
    }

    /// Its files.
    pub fn media(&self) -> Arc<Media> {
        Arc::clone(&self.media)
    }

    /// Reads it until `shutdown` fires.
    pub async fn keep(&self, inbox: &dyn Inbox, shutdown: &Shutdown) {
        self.keeper.keep(inbox, shutdown).await;
    }

    /// What does not work of it, in words for people.
    pub fn amiss(&self) -> Option<Words> {
        self.keeper.amiss()
    }

    /// What its settings prove to be worth. Nobody sees anything of it.
    pub async fn check(&self) -> Vec<CheckStep> {
        let read = async {
            self.archive.sign_in().await?;
            let place = self.keeper.place().await?;
            let found = self.archive.entries(place, 1).await?;
            for sealed in &found {
                self.keeper.keys.opened(sealed.key_version, &sealed.key)?;
            }
            Ok::<_, Failure>(format!("seq {place}"))
        };
        let permits = async {
            let answer = self.client.post("msgaudit/get_permit_user_list", &json!({})).await?;
            Ok(format!("{} 位成员 · members", items(&answer, "ids").len()))
        };
        vec![
            CheckStep::trying(SIGNED_IN, SIGNED_IN_ADVICE, read).await,
            CheckStep::trying(PERMITS, PERMITS_ADVICE, permits).await,
        ]
    }
}

/// The archive as a client sees it: an app with a secret of its own.
fn as_app(settings: &WeComSettings, archive: &ArchiveSettings) -> WeComSettings {
    let app = App { agent_id: 0, secret: archive.secret.clone(), callback: None };
    WeComSettings { app: Some(app), bot: None, archive: None, service: None, ..settings.clone() }
}
