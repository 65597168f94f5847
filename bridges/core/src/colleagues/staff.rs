//! What the organisation's staff list says of colleagues elsewhere.

use async_trait::async_trait;
use bridge_api::{Network, Person, PersonId};
use kit::{Letter, To, notice};
use ruma::{OwnedUserId, RoomId, UserId};
use store::{Batch, StoreError};

use crate::{BridgeError, Bridges, LOCALPART, backfill::patient, tables::PEOPLE};

/// Who somebody is elsewhere, by the staff list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Their ids on the platform, as the list has them.
    pub ids: Vec<String>,
    /// Their address.
    pub email: Option<String>,
}

/// The staff list, and the spaces of departments. It knows people who work here.
#[async_trait]
pub trait Staff: Send + Sync {
    /// Who the owner of an account is on a platform.
    fn elsewhere(&self, account: &UserId, network: Network) -> Elsewhere;

    /// Whose account it is that has this id or this address there.
    fn account(&self, network: Network, id: &str, email: Option<&str>) -> Option<OwnedUserId>;

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
        let Some(staff) = &self.0.ports.staff else { return Ok(None) };
        let Some(directory) = self.seat(network).and_then(|seat| seat.connector.directory()) else {
            return Ok(None);
        };
        let Elsewhere { ids, email } = staff.elsewhere(account, network);
        for id in ids.iter().filter_map(|id| PersonId::new(id).ok()) {
            if let Ok(Some(person)) = patient(|| directory.person(&id)).await {
                return Ok(Some(person.id));
            }
        }
        match email.filter(|email| !email.is_empty()) {
            Some(email) => Ok(patient(|| directory.by_email(&email)).await?),
            None => Ok(None),
        }
    }

    /// Somebody of a platform is seen for the first time: if the staff list knows them, they are a colleague from now on, and
    /// are told how to speak as themselves.
    pub(crate) async fn recognise(&self, network: Network, person: &Person) -> Result<(), StoreError> {
        let Some(staff) = self.0.ports.staff.as_ref().filter(|_| !person.external && !person.bot) else {
            return Ok(());
        };
        let Some(account) = staff.account(network, person.id.as_str(), person.email.as_deref()) else {
            return Ok(());
        };
        if self.0.store.exists(&PEOPLE, &(network.key(), person.id.as_str())).await? {
            return Ok(());
        }
        match self.bind_person(network, &person.id, Some(&account)).await {
            Ok(_) => {}
            Err(BridgeError::Store(error)) => return Err(error),
            // The account is somebody else's there already: whoever bound it knows better than a list.
            Err(error) => {
                tracing::debug!(%error, %account, "the staff list does not bind");
                return Ok(());
            }
        }
        let lang = self.0.kit.language(None, Some(&account)).await?;
        let platform = network.name().of(self.0.settings.language);
        let values = [("platform", platform), ("key", network.key())];
        let text = self.0.kit.texts().fill(lang, "bridge.me.recognised", &values);
        let key = format!("bridge/recognised/{}/{account}", network.key());
        let mut batch = Batch::new();
        self.0
            .kit
            .outbox()
            .put(&mut batch, Letter::message(key, LOCALPART, To::Direct(account), notice(&text)));
        self.0.store.commit(batch).await.map(drop)
    }
}
