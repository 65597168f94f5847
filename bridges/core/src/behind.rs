//! Which person of a platform is behind an account here.

use bridge_api::{Network, PersonId};
use ruma::UserId;
use store::StoreError;

use crate::{
    Bridges,
    tables::{GHOSTS, PEOPLE_OF},
};

impl Bridges {
    /// Who a colleague is on a platform, as they are bound.
    pub(crate) async fn colleague_of(
        &self,
        network: Network,
        user: &UserId,
    ) -> Result<Option<PersonId>, StoreError> {
        let person = self.0.store.get(&PEOPLE_OF, &(user, network.key())).await?;
        Ok(person.and_then(|person| PersonId::new(person).ok()))
    }

    /// The person of a platform behind an account: a colleague who is bound, or a ghost.
    pub(crate) async fn person_behind(
        &self,
        network: Network,
        user: &UserId,
    ) -> Result<Option<PersonId>, StoreError> {
        if let Some(person) = self.colleague_of(network, user).await? {
            return Ok(Some(person));
        }
        if user.server_name() != self.0.server_name {
            return Ok(None);
        }
        let local = user.localpart().strip_prefix(network.ghost_prefix()).and_then(unescaped);
        let Some(person) = local.and_then(|id| PersonId::new(id).ok()) else { return Ok(None) };
        let is_known = self.0.store.exists(&GHOSTS, &(network.key(), person.as_str())).await?;
        Ok(is_known.then_some(person))
    }
}

/// The id of a person in the local part of their account.
fn unescaped(local: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = local.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::ghost_of;

    #[test]
    fn a_person_is_found_again_in_their_account() {
        let server = <&ruma::ServerName>::try_from("test").expect("valid");
        for id in ["on_1a", "On A=é"] {
            let person = PersonId::new(id).expect("valid");
            let ghost = ghost_of(Network::Feishu, &person, server).expect("valid");
            let local = ghost.localpart().strip_prefix("fs_").expect("a ghost");
            assert_eq!(unescaped(local).as_deref(), Some(id));
        }
        assert_eq!(unescaped("a=4"), None);
        assert_eq!(unescaped("a=zz"), None);
    }
}
