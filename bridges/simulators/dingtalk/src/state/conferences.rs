//! Video conferences: begun at once or scheduled, who is in them, who is told. People are unionIds.

use serde_json::{Value, json};

use super::State;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// Longer titles are cut.
const TITLE_CHARACTERS_SHOWN: usize = 50;

/// A conference that runs or ran.
#[derive(Clone, Debug)]
pub(crate) struct Conference {
    pub(crate) id: String,
    /// The app that made it.
    pub(crate) app: String,
    pub(crate) title: String,
    pub(crate) creator: String,
    pub(crate) room_code: String,
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: Option<u64>,
    /// The scheduled conference that it is, where it is one.
    pub(crate) scheduled: Option<String>,
    pub(crate) members: Vec<Member>,
    /// By what its events are put in order.
    sequence: u64,
}

/// Somebody who was asked into a conference, or is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    pub(crate) union: String,
    pub(crate) is_invited: bool,
    pub(crate) joined_ms: Option<u64>,
    pub(crate) left_ms: Option<u64>,
}

/// A conference that is to be, until somebody comes.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) title: String,
    pub(crate) creator: String,
    pub(crate) room_code: String,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) is_cancelled: bool,
}

impl Member {
    fn is_there(&self) -> bool {
        self.joined_ms.is_some() && self.left_ms.is_none()
    }
}

impl Conference {
    pub(crate) fn is_running(&self) -> bool {
        self.ended_ms.is_none()
    }

    /// As the API shows it and as events do.
    pub(crate) fn shown(&self, state: &State) -> Value {
        let until_ms = self.ended_ms.unwrap_or_else(|| state.stage.now_ms());
        let count = |counts: fn(&Member) -> bool| self.members.iter().filter(|member| counts(member)).count();
        let mut value = json!({
            "conferenceId": self.id, "title": self.title, "status": if self.is_running() { 2 } else { 1 },
            "roomCode": self.room_code, "externalLinkUrl": state.link_of(&self.room_code),
            "creatorId": self.creator, "creatorNick": state.name_of_union(&self.creator),
            "startTime": self.started_ms, "confDuration": until_ms.saturating_sub(self.started_ms),
            "activeNum": count(Member::is_there), "attendNum": count(|member| member.joined_ms.is_some()),
            "invitedNum": count(|member| member.is_invited),
            "bizType": if self.scheduled.is_some() { "3" } else { "0" },
        });
        if let Some(ended_ms) = self.ended_ms {
            value["endTime"] = ended_ms.into();
        }
        if let Some(scheduled) = &self.scheduled {
            value["scheduleConferenceId"] = scheduled.clone().into();
            if let Some(event) = state.event_of_conference(scheduled) {
                value["calendarEventId"] = event.into();
            }
        }
        value
    }

    /// One of its people as the API shows them and as events do.
    pub(crate) fn member(&self, state: &State, member: &Member) -> Value {
        let until_ms = member.left_ms.unwrap_or_else(|| state.stage.now_ms());
        json!({
            "conferenceId": self.id, "userId": member.union, "userNick": state.name_of_union(&member.union),
            "attendStatus": u8::from(member.is_there()), "joinTime": member.joined_ms, "leaveTime": member.left_ms,
            "duration": member.joined_ms.map_or(0, |joined_ms| until_ms.saturating_sub(joined_ms)),
            "deviceType": "", "host": member.union == self.creator, "coHost": false, "pstnJoin": false,
        })
    }
}

impl State {
    fn name_of_union(&self, union: &str) -> &str {
        self.person_of_union(union).map_or("", |person| person.name.as_str())
    }

    /// Where anybody with a link comes in.
    pub(crate) fn link_of(&self, room_code: &str) -> String {
        format!("{}/conferences/{room_code}", self.api_url)
    }

    /// The number by which people find a conference.
    pub(crate) fn room_code(&mut self) -> String {
        (100_000_000 + self.stage.chance.below(900_000_000)).to_string()
    }

    /// Begins a conference, which rings whom it invites.
    pub(crate) fn begin_conference(
        &mut self,
        app: &str,
        creator: &str,
        title: &str,
        invited: &[String],
        scheduled: Option<&Scheduled>,
    ) -> Result<String, Refusal> {
        if self.conferences.len() >= RECORDS_MAX {
            return Err(Refusal::new(404, "waterLimitError", "there are too many conferences"));
        }
        let room_code = match scheduled {
            Some(scheduled) => scheduled.room_code.clone(),
            None => self.room_code(),
        };
        let invite = |union: &String| Member { union: union.clone(), is_invited: true, ..Member::default() };
        let conference = Conference {
            id: self.stage.chance.id("", 32),
            app: app.to_owned(),
            title: title.chars().take(TITLE_CHARACTERS_SHOWN).collect(),
            creator: creator.to_owned(),
            room_code,
            started_ms: self.stage.now_ms(),
            ended_ms: None,
            scheduled: scheduled.map(|scheduled| scheduled.id.clone()),
            members: invited.iter().map(invite).collect(),
            sequence: 0,
        };
        let id = conference.id.clone();
        self.conferences.insert(id.clone(), conference);
        self.tell_of_conference(&id, "conference_created");
        for union in invited {
            self.tell_of_member(&id, union, "user_invited");
        }
        Ok(id)
    }

    /// The conference of this id; a scheduled one begins with who comes first.
    pub(crate) fn opened(&mut self, id: &str) -> Result<String, Refusal> {
        let plan = self.scheduled.get(id).filter(|plan| !plan.is_cancelled);
        let Some(plan) = plan.cloned() else { return Ok(id.to_owned()) };
        let runs = |known: &&Conference| known.is_running() && known.scheduled.as_deref() == Some(id);
        match self.conferences.values().find(runs).map(|known| known.id.clone()) {
            Some(known) => Ok(known),
            None => self.begin_conference(&plan.app, &plan.creator, &plan.title, &[], Some(&plan)),
        }
    }

    /// Ends a conference and sends everybody away.
    pub(crate) fn end_conference(&mut self, id: &str) {
        let now = self.stage.now_ms();
        let Some(conference) = self.conferences.get_mut(id).filter(|conference| conference.is_running())
        else {
            return;
        };
        conference.ended_ms = Some(now);
        for member in conference.members.iter_mut().filter(|member| member.is_there()) {
            member.left_ms = Some(now);
        }
        self.tell_of_conference(id, "conference_closed");
    }

    /// Somebody comes into a conference that runs, or goes.
    pub(crate) fn attend(&mut self, id: &str, union: &str, comes: bool) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let running = self.conferences.get_mut(id).filter(|conference| conference.is_running());
        let members = &mut running.ok_or_else(|| Refusal::control("no such conference runs"))?.members;
        let place = members.iter().position(|member| member.union == union);
        match (place.and_then(|place| members.get_mut(place)), comes) {
            (Some(member), true) => {
                (member.joined_ms, member.left_ms) = (member.joined_ms.or(Some(now)), None)
            }
            (Some(member), false) if member.is_there() => member.left_ms = Some(now),
            (None, true) => {
                members.push(Member { union: union.to_owned(), joined_ms: Some(now), ..Member::default() });
            }
            (_, false) => return Err(Refusal::control("the person is not in the conference")),
        }
        self.tell_of_member(id, union, if comes { "user_join" } else { "user_leave" });
        Ok(())
    }

    fn next_sequence(&mut self, id: &str) -> u64 {
        self.conferences.get_mut(id).map_or(0, |conference| {
            conference.sequence += 1;
            conference.sequence
        })
    }

    /// Tells every app of a conference, and the app that made it once more.
    fn tell_of_conference(&mut self, id: &str, scene: &str) {
        let sequence = self.next_sequence(id);
        let Some(conference) = self.conferences.get(id) else { return };
        let app = conference.app.clone();
        let data = json!({
            "openConfModel": conference.shown(self), "statusSeqNum": sequence, "changeScene": scene,
        });
        self.emit_to_all("meeting_status_change", &data);
        self.emit(&app, "meeting_status_change_target_push", data);
    }

    fn tell_of_member(&mut self, id: &str, union: &str, scene: &str) {
        let sequence = self.next_sequence(id);
        let Some(conference) = self.conferences.get(id) else { return };
        let Some(member) = conference.members.iter().find(|member| member.union == union) else { return };
        let app = conference.app.clone();
        let data = json!({
            "openMemberModels": [conference.member(self, member)], "statusSeqNum": sequence, "changeScene": scene,
        });
        self.emit_to_all("meeting_member_status_change", &data);
        self.emit(&app, "meeting_member_status_change_target_push", data);
    }
}
