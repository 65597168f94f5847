//! What happens around it: who reads along, who leaves, the room that is closed, the message that is redacted.

use std::collections::BTreeSet;

use cases::Refusal;
use people::PersonId;
use ruma::EventId;

use super::guard::refused;
use crate::{
    desk::{Desk, Tell},
    limits::FOLLOWERS_MAX,
    task::{Assignee, Origin, Priority},
};

impl Desk<'_> {
    /// Reads along, or not any more. Others see what is in the room only.
    pub fn follow(&mut self, yes: bool) -> Result<(), Refusal> {
        let me = self.only_involved()?;
        let followers = &mut self.case.data.followers;
        let changes = if yes {
            if followers.len() >= FOLLOWERS_MAX && !followers.contains(&me) {
                return Err(refused("tk.field.followers", "tk.problem.many", "!unfollow"));
            }
            followers.insert(me)
        } else {
            followers.remove(&me)
        };
        if changes {
            self.record(if yes { "follow" } else { "unfollow" }, &self.case.state.clone(), None);
        }
        Ok(())
    }

    /// Somebody works here no more: what they had to do goes to their head, what they wanted as well. Where nobody is above them, to
    /// who wanted it, or who does it with them.
    pub fn left(&mut self, person: &PersonId) {
        let chart = self.world.chart;
        let heads = chart.person(person).map_or_else(Vec::new, |left| chart.heads_above(left));
        let data = &self.case.data;
        let others = data.assignees.iter().map(|assignee| &assignee.person);
        let beside = std::iter::once(&data.creator).chain(others).cloned();
        let heir =
            heads.into_iter().chain(beside).find(|heir| heir != person && chart.active(heir).is_some());
        let Some(head) = heir else { return };
        let values = [self.named(), vec![("who", self.world.name(person))]].concat();
        let data = &mut self.case.data;
        if data.creator == *person {
            data.creator = head.clone();
        }
        if data.postponing.as_ref().is_some_and(|asked| asked.by == *person) {
            data.postponing = None;
        }
        data.awaiting.retain(|awaiting| awaiting.by != *person);
        data.followers.remove(person);
        let had_it = data.assignee(person).is_some();
        let mut rest = data.assignees.clone();
        rest.retain(|assignee| assignee.person != *person);
        if had_it && rest.iter().all(|assignee| assignee.person != head) {
            rest.push(Assignee { person: head.clone(), progress: 0, is_accepted: true });
        }
        let known: Vec<PersonId> =
            rest.iter().map(|assignee| assignee.person.clone()).chain([head.clone()]).collect();
        if had_it {
            self.hand_over(rest, &known, None);
        }
        self.record("left", &self.case.state.clone(), None);
        self.tell(Tell::push(vec![head], "tk.told.left", values));
    }

    /// The room is closed: everybody has a card of their own from now on.
    pub fn room_gone(&mut self) {
        if self.case.data.home.take().is_none() {
            return;
        }
        self.record("room_gone", &self.case.state.clone(), None);
        let values = self.named();
        self.tell(Tell::note(vec![self.case.data.creator.clone()], "tk.told.room_gone", values));
    }

    /// An event that it rests on was redacted: whoever has a part in it is told, and what was recorded stays. `seq` is the
    /// record whose source it was; 0 where it was made from it.
    pub fn source_redacted(&mut self, event: &EventId, seq: u64) {
        let data = &mut self.case.data;
        let is_origin = matches!(&data.source, Origin::Event { event: origin, .. } if **origin == *event);
        data.is_source_gone |= is_origin || seq == 0;
        let text = if seq == 0 { "tk.told.origin_redacted" } else { "tk.told.redacted" };
        let others = data.assignees.iter().map(|assignee| assignee.person.clone());
        let people: BTreeSet<PersonId> = others.chain([data.creator.clone()]).collect();
        let values = [self.named(), vec![("event", event.to_string()), ("seq", seq.to_string())]].concat();
        self.tell(Tell::note(people.into_iter().collect(), text, values));
    }

    /// Whether quiet hours do not count.
    pub fn is_urgent(&self) -> bool {
        self.case.data.priority == Priority::Urgent
    }
}
