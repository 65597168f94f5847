//! Meetings that apps reserve, which take place when people say so, what is recorded of them, and rooms that are had or not.

use serde_json::{Value, json};

use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;

/// A meeting that may take place, as an app ordered it. It stands in no calendar.
#[derive(Clone, Debug)]
pub(crate) struct Reserve {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) owner: String,
    /// Nine digits, under which people come in.
    pub(crate) meeting_no: String,
    /// Until when it may be used, in seconds since the Unix epoch.
    pub(crate) end_s: u64,
    pub(crate) topic: String,
    pub(crate) password: String,
    pub(crate) auto_record: bool,
}

/// What is there of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Nothing is recorded.
    No,
    /// It is being made ready.
    UnderWay,
    /// It can be seen at this address, which ends with the token of its minutes.
    Ready { url: String, token: String },
}

/// A meeting that takes place or took place.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) reserve: Reserve,
    pub(crate) start_s: u64,
    /// None while it lasts.
    pub(crate) end_s: Option<u64>,
    pub(crate) recording: Recording,
}

impl Held {
    /// How long it took, in milliseconds; 0 while it lasts.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.end_s.map_or(0, |end_s| end_s.saturating_sub(self.start_s) * 1_000)
    }
}

impl State {
    /// Keeps what an app ordered; its id and number are made here.
    pub(crate) fn reserve_meeting(&mut self, reserve: Reserve) -> Result<Reserve, Refusal> {
        if self.office.reserves.len() >= RECORDS_MAX {
            return Err(Refusal::code(121_001));
        }
        let number = 100_000_000 + self.stage.chance.below(900_000_000);
        let id = (6_900_000_000_000_000_000 + self.stage.number()).to_string();
        let reserve = Reserve { id: id.clone(), meeting_no: number.to_string(), ..reserve };
        self.office.reserves.insert(id, reserve.clone());
        Ok(reserve)
    }

    /// A reservation of an app.
    pub(crate) fn reserved(&mut self, app: &str, id: &str) -> Result<&mut Reserve, Refusal> {
        let known = self.office.reserves.get_mut(id).ok_or(Refusal::code(121_004))?;
        if known.app == app { Ok(known) } else { Err(Refusal::code(121_005)) }
    }

    /// A meeting that was reserved by an app.
    pub(crate) fn held(&self, app: &str, id: &str) -> Result<&Held, Refusal> {
        let known = self.office.held.get(id).ok_or(Refusal::code(121_004))?;
        if known.reserve.app == app { Ok(known) } else { Err(Refusal::code(121_005)) }
    }

    /// The meeting of a reservation that lasts.
    pub(crate) fn lasting(&self, reserve: &str) -> Option<&Held> {
        self.office.held.values().find(|held| held.reserve.id == reserve && held.end_s.is_none())
    }

    /// The owner begins a meeting; its id exists from now on.
    pub(crate) fn begin_meeting(&mut self, reserve: &str) -> Result<String, Refusal> {
        let now_s = self.stage.now_ms() / 1_000;
        let known = self.office.reserves.get(reserve).cloned().ok_or(Refusal::code(121_004))?;
        if self.lasting(reserve).is_some() || known.end_s <= now_s || self.office.held.len() >= RECORDS_MAX {
            return Err(Refusal::code(122_001));
        }
        let id = (7_000_000_000_000_000_000 + self.stage.number()).to_string();
        let held =
            Held { id: id.clone(), reserve: known, start_s: now_s, end_s: None, recording: Recording::No };
        self.tell_of_meeting("vc.meeting.meeting_started_v1", &held, json!({}));
        self.office.held.insert(id.clone(), held);
        Ok(id)
    }

    /// A meeting ends; what was recorded of it is made ready from then on.
    pub(crate) fn end_meeting(&mut self, meeting: &str) -> Result<(), Refusal> {
        let now_s = self.stage.now_ms() / 1_000;
        let known = self.office.held.get_mut(meeting).ok_or(Refusal::code(121_004))?;
        if known.end_s.is_some() {
            return Err(Refusal::code(122_001));
        }
        known.end_s = Some(now_s);
        if known.reserve.auto_record {
            known.recording = Recording::UnderWay;
        }
        let held = known.clone();
        self.tell_of_meeting("vc.meeting.meeting_ended_v1", &held, json!({}));
        Ok(())
    }

    /// The recording of a meeting that is over can be seen.
    pub(crate) fn finish_recording(&mut self, meeting: &str) -> Result<String, Refusal> {
        let token = self.stage.chance.id("obcn", 20);
        let known = self.office.held.get_mut(meeting).ok_or(Refusal::code(121_004))?;
        if known.recording != Recording::UnderWay {
            return Err(Refusal::code(122_001));
        }
        let url = format!("https://meetings.invalid/minutes/{token}");
        known.recording = Recording::Ready { url: url.clone(), token: token.clone() };
        let held = known.clone();
        let more = json!({ "url": url, "duration": held.duration_ms().to_string() });
        self.tell_of_meeting("vc.meeting.recording_ready_v1", &held, more);
        Ok(token)
    }

    /// A room that was asked for is had or not. That is decided a while after it was asked for.
    pub(crate) fn decide_room(&mut self, event: &str, room: &str, is_free: bool) -> Result<(), Refusal> {
        self.touch(event);
        let entry = self.office.entries.get_mut(event).filter(|entry| !entry.is_deleted);
        let invited = &mut entry.ok_or(Refusal::code(193_001))?.invited;
        let asked = invited.iter_mut().find(|invited| invited.person == room && invited.is_room);
        asked.ok_or(Refusal::code(193_002))?.answer = if is_free { "accept" } else { "decline" };
        self.note_change(event);
        Ok(())
    }

    /// Tells the app that reserved a meeting, and nobody else.
    fn tell_of_meeting(&mut self, event_type: &'static str, held: &Held, more: Value) {
        let (app, owner) = (held.reserve.app.clone(), &held.reserve.owner);
        let user = json!({ "id": self.ids(&app, owner), "user_role": 2, "user_type": 1 });
        let mut body = more;
        body["meeting"] = json!({
            "id": held.id, "topic": held.reserve.topic, "meeting_no": held.reserve.meeting_no,
            "meeting_source": 4, "start_time": held.start_s.to_string(),
            "end_time": held.end_s.map(|end_s| end_s.to_string()).unwrap_or_default(),
            "host_user": user, "owner": user,
        });
        body["operator"] = user;
        self.emit(&app, event_type, body);
    }
}
