//! What the organisation's staff list says of colleagues elsewhere.

use async_trait::async_trait;
use bridge_api::{Network, Person, PersonId};
use kit::{Letter, To, notice};
use ruma::{OwnedUserId, RoomId, UserId};
use store::{Batch, StoreError};

use crate::{
    BridgeError, Bridges, LOCALPART, backfill::patient, error::Stuck, limits::LISTED_IDS_MAX, tables::PEOPLE,
};

/// Who somebody is elsewhere, by the staff list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Their ids on the platform, as the list has them.
    pub ids: Vec<String>,
    /// Their address. It proves nothing: people write any address into their own profiles.
    pub email: Option<String>,
}

/// The staff list, and the spaces of departments. It knows people who work here.
#[async_trait]
pub trait Staff: Send + Sync {
    /// Who the owner of an account is on a platform.
    fn elsewhere(&self, account: &UserId, network: Network) -> Elsewhere;

    /// Whose account it is that has this id there.
    fn account(&self, network: Network, id: &str) -> Option<OwnedUserId>;

    /// What all colleagues are called.
    fn names(&self) -> Vec<String>;

    /// Has a room stand in the space of the department that all these colleagues are in; false when there is none. A repeat
    /// changes nothing.
    ///
    /// # Errors
    /// Why it cannot be done now.
    async fn house(&self, accounts: &[OwnedUserId], room: &RoomId) -> Result<bool, String>;
}

impl Bridges {
    /// Who a colleague is on a platform by the staff list, as the platform knows them.
    pub(crate) async fn listed(
        &self,
        network: Network,
        account: &UserId,
    ) -> Result<Option<PersonId>, BridgeError> {
        let Some(directory) = self.seat(network).and_then(|seat| seat.connector.directory()) else {
            return Ok(None);
        };
        for id in self.ids_listed(network, account) {
            if let Ok(Some(person)) = patient(|| directory.person(&id)).await {
                return Ok(Some(person.id));
            }
        }
        Ok(None)
    }

    /// What the platform calls whoever has the address there that the staff list has of an account. No more than a hint: whoever
    /// wrote the address into their profile would be taken for a colleague.
    pub(crate) async fn suggested(&self, network: Network, account: &UserId) -> Option<String> {
        let directory = self.seat(network)?.connector.directory()?;
        let email = self.0.ports.staff.as_ref()?.elsewhere(account, network).email?;
        let found = patient(|| directory.by_email(&email)).await.ok()??;
        let person = patient(|| directory.person(&found)).await.ok()??;
        Some(person.name)
    }

    /// Somebody of a platform is seen for the first time: if the staff list knows them by their id, they are a colleague from now
    /// on, and are told how to speak as themselves.
    pub(crate) async fn recognise(&self, network: Network, person: &Person) -> Result<(), StoreError> {
        let Some(staff) = self.0.ports.staff.as_ref().filter(|_| !person.external && !person.bot) else {
            return Ok(());
        };
        let Some(account) = staff.account(network, person.id.as_str()) else {
            return Ok(());
        };
        self.known_by_list(network, &person.id, &account).await.map(drop)
    }

    /// Who the owner of an account is on a platform, also where nobody bound them: the staff list says under which id they are
    /// there, and the platform that there is such a person. From then on they are bound.
    pub(crate) async fn person_or_listed(
        &self,
        network: Network,
        account: &UserId,
    ) -> Result<Option<PersonId>, Stuck> {
        if let Some(person) = self.person_behind(network, account).await? {
            return Ok(Some(person));
        }
        let Some(directory) = self.seat(network).and_then(|seat| seat.connector.directory()) else {
            return Ok(None);
        };
        for id in self.ids_listed(network, account) {
            let found = match directory.person(&id).await {
                Ok(found) => found.filter(|person| !person.external && !person.bot),
                Err(failure) if failure.passes() => return Err(failure.into()),
                Err(failure) => {
                    tracing::warn!(%failure, %account, network = network.key(), "the platform does not say whom the staff list names");
                    None
                }
            };
            let Some(person) = found else { continue };
            if self.known_by_list(network, &person.id, account).await? {
                return Ok(Some(person.id));
            }
        }
        Ok(None)
    }

    /// Whether nobody bound an account to a person of a platform, and the staff list may say who that is.
    pub(crate) fn is_listed(&self, network: Network, account: &UserId) -> bool {
        !self.ids_listed(network, account).is_empty()
    }

    fn ids_listed(&self, network: Network, account: &UserId) -> Vec<PersonId> {
        let Some(staff) = &self.0.ports.staff else { return Vec::new() };
        let ids = staff.elsewhere(account, network).ids.into_iter();
        ids.filter_map(|id| PersonId::new(id).ok()).take(LISTED_IDS_MAX).collect()
    }

    /// Binds somebody whom the staff list knows, and tells them how to speak as themselves. False where somebody bound either of
    /// the two otherwise: they know better than a list.
    async fn known_by_list(
        &self,
        network: Network,
        person: &PersonId,
        account: &UserId,
    ) -> Result<bool, StoreError> {
        if let Some(known) = self.0.store.get(&PEOPLE, &(network.key(), person.as_str())).await? {
            return Ok(known == account);
        }
        match self.bind_person(network, person, Some(account)).await {
            Ok(_) => {}
            Err(BridgeError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::debug!(%error, %account, "the staff list does not bind");
                return Ok(false);
            }
        }
        let lang = self.0.kit.language(None, Some(account)).await?;
        let platform = network.name().of(self.0.settings.language);
        let values = [("platform", platform), ("key", network.key())];
        let text = self.0.kit.texts().fill(lang, "bridge.me.recognised", &values);
        let key = format!("bridge/recognised/{}/{account}", network.key());
        let mut batch = Batch::new();
        let letter = Letter::message(key, LOCALPART, To::Direct(account.to_owned()), notice(&text));
        self.0.kit.outbox().put(&mut batch, letter);
        self.0.store.commit(batch).await.map(|_| true)
    }
}
