//! Who has left: somebody above them takes their meetings over, or these end after a notice; and every door to their
//! calendar is closed.

use calendar::Address;
use people::{Person, Status};
use ruma::{OwnedUserId, UserId};
use serde_json::json;
use store::Batch;

use super::{Change, KIND, LOCALPART, Meetings};
use crate::{
    MeetingsError,
    act::Action,
    desk::Actor,
    limits::{LEAVERS_INTERVAL_MS, LEAVERS_MEETINGS_MAX},
    tables::LEAVERS_DONE,
};

/// The timer by which the bot looks who has left.
pub(super) const TIMER: &str = "meet-leavers";

impl Meetings {
    pub(crate) fn look_later(&self, batch: &mut Batch) {
        let at_ms = self.kit().clock().now_ms() + LEAVERS_INTERVAL_MS;
        self.kit().timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Looks once for each version of the organisation.
    pub(crate) async fn look_for_leavers(&self, batch: &mut Batch) -> Result<(), MeetingsError> {
        self.look_later(batch);
        let chart = self.chart();
        let done = self.kit().store().get(&LEAVERS_DONE, &()).await?;
        if done == Some(chart.version()) {
            return Ok(());
        }
        let mut left_over = LEAVERS_MEETINGS_MAX;
        for person in chart.people().filter(|person| person.status == Status::Left) {
            if left_over == 0 {
                return Ok(());
            }
            let Some(account) = &person.account else { continue };
            let owner = Address::Matrix(account.clone());
            left_over -= usize::from(self.parts().calendars.close(batch, &owner).await?);
            let to = self.follower(person);
            for id in self.cases().await?.listed(KIND, "own", account.as_str()).await? {
                if left_over == 0 {
                    return Ok(());
                }
                left_over -= usize::from(self.hand_over(batch, &id, to.as_ref()).await?);
            }
        }
        batch.put(&LEAVERS_DONE, &(), &chart.version());
        Ok(())
    }

    /// Whether this is the account of somebody who has left, and who opens no door any more.
    pub(crate) fn has_left(&self, account: &UserId) -> bool {
        self.chart().status_of(account) == Some(Status::Left)
    }

    /// The first above somebody who has an account here.
    fn follower(&self, person: &Person) -> Option<OwnedUserId> {
        let chart = self.chart();
        chart.heads_above(person).iter().find_map(|head| chart.active(head)?.account.clone())
    }

    /// Whether something came of it.
    async fn hand_over(
        &self,
        batch: &mut Batch,
        id: &str,
        to: Option<&OwnedUserId>,
    ) -> Result<bool, MeetingsError> {
        let Some(case) = self.case(id).await? else { return Ok(false) };
        let scene = self.scene_of(&case, self.kit().clock().now_ms()).await?;
        let mut change = Change::of(case);
        let accepted = scene.act(&mut change, &Action::HandOver(to.cloned()), &Actor::nobody());
        let is_something = accepted.is_ok() && change.is_something();
        if is_something {
            self.carry_out(batch, change, &scene, &format!("{TIMER}/{}/{id}", scene.at_ms)).await?;
        }
        Ok(is_something)
    }
}
