//! People come into rooms and leave them with the chart.

use std::collections::{BTreeMap, BTreeSet};

use kit::BotError;
use people::{Chart, Status};
use ruma::OwnedUserId;
use serde_json::json;
use store::{Batch, Scan};

use super::wanted::Wanted;
use crate::{
    Organisation,
    limits::ROOMS_READ_MAX,
    tables::{MEMBER, SPEAKERS},
};

impl Organisation {
    /// Who should be in a room comes, and who should not goes; then who may speak there, and who is let in.
    pub(super) async fn keep_room(
        &self,
        wanted: &Wanted,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> Result<(), BotError> {
        let store = self.0.kit.store();
        let now_ms = self.0.kit.clock().now_ms();
        let rows = store.scan(&MEMBER, Scan::prefix(&wanted.key)).await?;
        let known: BTreeMap<OwnedUserId, u64> =
            rows.into_iter().map(|((_, user), leaves_ms)| (user, leaves_ms)).collect();
        for user in &wanted.members {
            let row = (wanted.key.clone(), user.clone());
            match known.get(user) {
                Some(0) => continue,
                Some(_) => drop(batch.put(&MEMBER, &row, &0)),
                None => {
                    batch.put(&MEMBER, &row, &0);
                    self.set_member(batch, &wanted.key, user, "invite", now_ms);
                }
            }
            if spent(left) {
                return Ok(());
            }
        }
        let old: Vec<(OwnedUserId, u64)> =
            known.into_iter().filter(|(user, _)| !wanted.members.contains(user)).collect();
        // Whoever follows a head has their rights before the head goes.
        self.keep_speakers(wanted, batch, now_ms).await?;
        if !self.let_go(&wanted.key, old, chart, batch, left) {
            return Ok(());
        }
        self.keep_entrance(wanted, batch, now_ms).await?;
        self.link(wanted, batch).await
    }

    /// Who is in a room and should not be leaves it: at once who left the company, after a while who moved. Who is away stays.
    /// Whether that was all.
    fn let_go(
        &self,
        place: &str,
        old: Vec<(OwnedUserId, u64)>,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> bool {
        let now_ms = self.0.kit.clock().now_ms();
        for (user, leaves_ms) in old {
            let status = chart.status_of(&user);
            if status == Some(Status::Suspended) {
                continue;
            }
            let works_here = status == Some(Status::Active);
            let row = (place.to_owned(), user);
            if works_here && leaves_ms == 0 {
                batch.put(&MEMBER, &row, &now_ms.saturating_add(self.0.leaves_after_ms));
            } else if !works_here || now_ms >= leaves_ms {
                batch.delete(&MEMBER, &row);
                self.set_member(batch, place, &row.1, "leave", now_ms);
            } else {
                continue;
            }
            if spent(left) {
                return false;
            }
        }
        true
    }

    /// Rooms of departments that are no more: whoever is in them leaves like those who moved.
    pub(super) async fn empty_old_rooms(
        &self,
        wanted: &BTreeSet<String>,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> Result<(), BotError> {
        let store = self.0.kit.store();
        let rooms = store.scan_keys(&SPEAKERS, Scan::all().limit(ROOMS_READ_MAX)).await?;
        for place in rooms.into_iter().filter(|place| !wanted.contains(place)) {
            let rows = store.scan(&MEMBER, Scan::prefix(&place)).await?;
            let old = rows.into_iter().map(|((_, user), leaves_ms)| (user, leaves_ms)).collect();
            if !self.let_go(&place, old, chart, batch, left) {
                break;
            }
        }
        Ok(())
    }

    fn set_member(&self, batch: &mut Batch, place: &str, user: &OwnedUserId, how: &str, now_ms: u64) {
        let key = format!("member/{place}/{user}/{how}/{now_ms}");
        let content = json!({ "membership": how });
        self.put_state(batch, key, place, "m.room.member", user.as_str(), content);
    }
}

/// Counts a change; whether there is room for no more.
fn spent(left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left == 0
}
