//! People of platforms as accounts here: made when they first do something, with name and picture, in the rooms they speak in.

use bridge_api::{MediaId, Network, Person, PersonId};
use kit::{CallError, Intent};
use ruma::{OwnedUserId, RoomId};
use store::Batch;

use crate::{
    Bridges, LOCALPART,
    error::Stuck,
    limits::{AVATAR_BYTES_MAX, GHOST_FRESH_MS},
    names::{Marks, ghost_name, ghost_of, modest, tamed},
    tables::{GHOST_ROOMS, GHOSTS, GhostRow, PEOPLE},
};

/// A person of a platform, at the homeserver.
#[derive(Clone)]
pub(crate) struct Ghost {
    pub intent: Intent,
    pub user: OwnedUserId,
}

impl Bridges {
    /// The account of a person of a platform; it may not be made yet.
    pub(crate) fn ghost_id(&self, network: Network, person: &PersonId) -> Result<OwnedUserId, Stuck> {
        ghost_of(network, person, &self.0.server_name)
            .ok_or_else(|| Stuck::Never(format!("{person} gives no account"), None))
    }

    /// Who a person of a platform is here: the colleague they are bound to, else their ghost.
    pub(crate) async fn account_of(&self, network: Network, person: &PersonId) -> Result<OwnedUserId, Stuck> {
        match self.0.store.get(&PEOPLE, &(network.key(), person.as_str())).await? {
            Some(user) => Ok(user),
            None => self.ghost_id(network, person),
        }
    }

    /// The account of a person, made if it is not there, with the name and picture that the directory knows. `hint` is what the
    /// arrival calls them, `external` whether it says that they are of another company.
    pub(crate) async fn ghost(
        &self,
        network: Network,
        person: &PersonId,
        hint: Option<&str>,
        external: Option<bool>,
    ) -> Result<Ghost, Stuck> {
        let user = self.ghost_id(network, person)?;
        let intent = self.0.kit.puppet(user.clone());
        let of = (network.key(), person.as_str());
        let row = self.0.store.get(&GHOSTS, &of).await?;
        let now_ms = self.0.clock.now_ms();
        let is_marked = |row: &GhostRow| external.is_none() || row.external == external;
        let is_fresh = |row: &GhostRow| row.refreshed_ms.saturating_add(GHOST_FRESH_MS) > now_ms;
        if row.as_ref().is_some_and(|row| is_fresh(row) && is_marked(row)) {
            return Ok(Ghost { intent, user });
        }
        let told = match (self.person(network, person).await, &row) {
            (Some(known), _) => known,
            (None, Some(row)) if is_marked(row) => return Ok(Ghost { intent, user }),
            // Nobody says more than that they are of another company, or are no more.
            (None, Some(row)) => {
                let avatar = row.avatar.clone().and_then(|avatar| MediaId::new(avatar).ok());
                Person { avatar, ..Person::named(person.clone(), modest(&row.name)) }
            }
            (None, None) => Person::named(person.clone(), hint.unwrap_or_default()),
        };
        let external = external.or(row.as_ref().and_then(|row| row.external));
        let named = Person { external: external.unwrap_or(told.external), ..told };
        let named = Person { name: named_by(&named, hint), ..named };
        let is_new = row.is_none();
        self.dress(network, &named, row, external).await?;
        if is_new {
            self.recognise(network, &named).await?;
        }
        Ok(Ghost { intent, user })
    }

    /// Gives an account the name and picture of its person, and makes it if it is not there. `external` is what the platform said
    /// of that beside its directory.
    pub(crate) async fn dress(
        &self,
        network: Network,
        person: &Person,
        row: Option<GhostRow>,
        external: Option<bool>,
    ) -> Result<(), Stuck> {
        let intent = self.0.kit.puppet(self.ghost_id(network, &person.id)?);
        if row.is_none() {
            intent.register(self.0.kit.sender()).await?;
        }
        let is_external = external.unwrap_or(person.external);
        let namesake = self.namesake_of(network, person, is_external).await?;
        let marks = Marks { external: is_external, namesake };
        let name = ghost_name(network, &person.name, marks, self.0.settings.language);
        if row.as_ref().is_none_or(|row| row.name != name) {
            intent.set_display_name(&name).await?;
        }
        let avatar = person.avatar.as_ref().map(ToString::to_string);
        let is_other = row.as_ref().and_then(|row| row.avatar.as_ref()) != avatar.as_ref();
        if let Some(avatar) = person.avatar.as_ref().filter(|_| is_other)
            && let Some((mimetype, bytes)) = self.avatar(network, avatar).await
        {
            let mxc = intent.upload(None, &mimetype, bytes).await?;
            intent.set_avatar(&mxc).await?;
        }
        let row = GhostRow { name, avatar, refreshed_ms: self.0.clock.now_ms(), external };
        let mut batch = Batch::new();
        batch.put(&GHOSTS, &(network.key(), person.id.as_str()), &row);
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// What the directory says. One that does not answer delays nobody's words.
    async fn person(&self, network: Network, person: &PersonId) -> Option<Person> {
        let directory = self.seat(network)?.connector.directory()?;
        match directory.person(person).await {
            Ok(person) => person,
            Err(error) => {
                tracing::debug!(%error, %person, "the directory does not say who that is");
                None
            }
        }
    }

    pub(crate) async fn avatar(&self, network: Network, avatar: &MediaId) -> Option<(String, bytes::Bytes)> {
        let directory = self.seat(network)?.connector.directory()?;
        let download = directory.avatar(avatar).await.ok()?;
        let mimetype = download.mimetype.clone().filter(|kind| kind.starts_with("image/"))?;
        let bytes = crate::media::collected(download.bytes, AVATAR_BYTES_MAX).await.ok()?;
        Some((mimetype, bytes))
    }

    /// Has a ghost in a room.
    pub(crate) async fn be_in(&self, ghost: &Ghost, room: &RoomId) -> Result<(), Stuck> {
        let of = (&*ghost.user, room);
        if self.0.store.exists(&GHOST_ROOMS, &of).await? {
            return Ok(());
        }
        match ghost.intent.join(room).await {
            Ok(()) => {}
            Err(CallError::Refused { .. }) => {
                self.still_speaks(ghost).await?;
                let bot = self.bot_intent()?;
                bot.invite(room, ghost.user.as_str()).await?;
                ghost.intent.join(room).await?;
            }
            Err(error) => return Err(error.into()),
        }
        let mut batch = Batch::new();
        batch.put(&GHOST_ROOMS, &of, &());
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Has a ghost out of a room. Whoever is out already, or is not let go, is none of ours there from then on.
    pub(crate) async fn be_out(&self, ghost: &Ghost, room: &RoomId) -> Result<(), Stuck> {
        match ghost.intent.leave(room).await {
            Ok(()) | Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut batch = Batch::new();
        batch.delete(&GHOST_ROOMS, &(&*ghost.user, room));
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// The bridge's bot at the homeserver.
    pub(crate) fn bot_intent(&self) -> Result<Intent, Stuck> {
        self.0.kit.intent(LOCALPART).ok_or_else(|| Stuck::Never("the bridge has no bot".to_owned(), None))
    }
}

/// The name of somebody: the directory's, else what the arrival says, else the end of their id.
pub(crate) fn named_by(person: &Person, hint: Option<&str>) -> String {
    let known = [person.name.as_str(), hint.unwrap_or_default()].into_iter().map(modest);
    let id = person.id.as_str();
    known.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| {
        let tail: String = id.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
        tamed(&tail)
    })
}
