//! Rooms for people with a role: they come and go with it.

use std::collections::BTreeSet;

use office::membership;
use people::Chart;
use ruma::OwnedUserId;
use store::{Batch, Scan};

use super::{Approvals, LOCALPART};
use crate::{
    OfficeError,
    tables::{ROOM_MEMBER, ROOM_VERSION},
};

impl Approvals {
    /// Asks those who have a role into a room of ours, and has those go who had it. Whether anybody changed.
    pub(super) async fn keep_members(
        &self,
        batch: &mut Batch,
        place: &str,
        role: &str,
        chart: &Chart,
    ) -> Result<bool, OfficeError> {
        let store = self.kit().store();
        let key = place.to_owned();
        let version = chart.version();
        if store.get(&ROOM_VERSION, &key).await? == Some(version) {
            return Ok(false);
        }
        let wanted = accounts_in(chart, role);
        let members = store.scan_keys(&ROOM_MEMBER, Scan::prefix(&key)).await?;
        let members: BTreeSet<OwnedUserId> = members.into_iter().map(|(_, user)| user).collect();
        for user in wanted.difference(&members) {
            batch.put(&ROOM_MEMBER, &(key.clone(), user.clone()), &());
            let letter = membership(format!("rm/{place}/{user}/{version}"), LOCALPART, place, user, "invite");
            self.kit().outbox().put(batch, letter);
        }
        for user in members.difference(&wanted) {
            batch.delete(&ROOM_MEMBER, &(key.clone(), user.clone()));
            let letter = membership(format!("rm/{place}/{user}/{version}"), LOCALPART, place, user, "leave");
            self.kit().outbox().put(batch, letter);
        }
        batch.put(&ROOM_VERSION, &key, &version);
        Ok(wanted != members)
    }
}

/// The accounts of the active people with a role.
pub(super) fn accounts_in(chart: &Chart, role: &str) -> BTreeSet<OwnedUserId> {
    let people = chart.in_role(role).iter();
    people.filter_map(|id| chart.active(id)?.account.clone()).collect()
}
