//! Asking services about users and aliases that this server does not have yet, and who may have which name.

use appservice::Service;
use rooms::RoomsError;
use ruma::{OwnedRoomId, RoomAliasId, RoomOrAliasId, UserId};
use store::StoreError;

use super::{Services, ServicesError};

impl Services {
    /// Whether there is a user, after asking the services that could have them.
    ///
    /// # Errors
    /// The store's own.
    pub async fn has_user(&self, user: &UserId) -> Result<bool, StoreError> {
        let accounts = &self.0.parts.accounts;
        if !accounts.is_local(user) || accounts.exists(accounts.reader(), user).await? {
            return Ok(true);
        }
        if !self.0.parts.appservices.ask_for_user(user).await {
            return Ok(false);
        }
        accounts.exists(accounts.reader(), user).await
    }

    /// The room of an alias, after asking the services that could have it.
    ///
    /// # Errors
    /// No such alias.
    pub async fn room_of_alias(&self, alias: &RoomAliasId) -> Result<OwnedRoomId, RoomsError> {
        let rooms = &self.0.parts.rooms;
        match rooms.room_of_alias(alias).await {
            Err(RoomsError::NotFound(reason)) => {
                let is_local = alias.server_name() == rooms.server_name();
                if is_local && self.0.parts.appservices.ask_for_alias(alias).await {
                    rooms.room_of_alias(alias).await
                } else {
                    Err(RoomsError::NotFound(reason))
                }
            }
            outcome => outcome,
        }
    }

    /// Has the services make the room of an alias before somebody goes there. A room id, and an alias that nobody
    /// knows, are left for others to judge.
    ///
    /// # Errors
    /// The store's own.
    pub async fn prepare_alias(&self, room: &RoomOrAliasId) -> Result<(), RoomsError> {
        let Ok(alias) = <&RoomAliasId>::try_from(room) else { return Ok(()) };
        match self.room_of_alias(alias).await {
            Ok(_) | Err(RoomsError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether an alias may be made or taken away by a user, or by a service.
    ///
    /// # Errors
    /// [`ServicesError::Exclusive`] for an alias of somebody else's namespace, and for a service outside its own.
    pub fn check_alias(&self, alias: &RoomAliasId, by: Option<&Service>) -> Result<(), ServicesError> {
        let loaded = self.0.parts.appservices.loaded();
        let owner = loaded.owner_of_alias(alias);
        match (by, owner) {
            (None, Some(_)) => {
                Err(ServicesError::Exclusive("This alias is reserved by an application service"))
            }
            (Some(by), Some(owner)) if owner.id != by.id => {
                Err(ServicesError::Exclusive("This alias is reserved by another application service"))
            }
            (Some(by), None) if !by.aliases.contains(alias.as_str()) => {
                Err(ServicesError::Exclusive("This alias is outside of the application service's namespaces"))
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Whether a service may have a user.
    ///
    /// # Errors
    /// [`ServicesError::Exclusive`] for a user outside of its namespaces or inside another's exclusive one.
    pub fn check_user(&self, user: &UserId, by: &Service) -> Result<(), ServicesError> {
        if !by.owns(user) {
            let reason = "This user is outside of the application service's namespaces";
            return Err(ServicesError::Exclusive(reason));
        }
        let loaded = self.0.parts.appservices.loaded();
        let others = loaded.services.iter().any(|other| other.id != by.id && other.reserves(user));
        if others {
            return Err(ServicesError::Exclusive("This user is reserved by another application service"));
        }
        Ok(())
    }
}
