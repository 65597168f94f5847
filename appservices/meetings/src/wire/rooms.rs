//! Rooms that the bot makes for meetings which were asked for in a direct chat: ordered with the meeting, made with the first
//! letter there, and known to the meeting once they are.

use std::collections::BTreeSet;

use cases::Case;
use kit::{CALL_MEMBERS, Fired, Kit, Letter, PREFIX, To};
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::{Value, json};
use store::Batch;

use super::{Change, KIND, LOCALPART, Meetings};
use crate::{
    MeetingsError,
    act::Action,
    card::{Letters, of_key},
    desk::Actor,
    limits::{ROOM_LOOK_MS, ROOM_LOOK_MS_MAX, ROOMS_OF_PERSON_MAX},
    meeting::{Meeting, state},
    own_room::OwnRoom,
    settings::Conferencing,
};

/// Begins the key of the timer that looks whether a room is made; the meeting follows.
pub(super) const TIMER: &str = "meet-room/";

/// What the organiser may do in the room, and what else needs it.
const POWER_OF_ORGANIZER: u32 = 50;

/// What the bot alone may do there.
const POWER_OF_BOT: u32 = 100;

/// State that the bot alone may set.
const KEPT_STATE: [&str; 7] = [
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.guest_access",
    "m.room.server_acl",
    "m.room.encryption",
    "m.room.history_visibility",
    "m.room.tombstone",
];

impl Meetings {
    /// The room of a new meeting, if it is to have one of its own: it was asked for in a direct chat, and people talk in the call
    /// of a room. Whoever has many has no more.
    pub(super) async fn room_for(
        &self,
        meeting: &Meeting,
        case: &str,
    ) -> Result<Option<OwnRoom>, MeetingsError> {
        let settings = &self.parts().settings;
        let is_wanted = settings.own_rooms && settings.conference == Conferencing::ElementCall;
        let is_asked_in_chat = meeting.home.is_direct && meeting.home.room.is_some();
        let Some(organizer) = meeting.organizer().filter(|_| is_wanted && is_asked_in_chat) else {
            return Ok(None);
        };
        let ahead = self.cases().await?.listed(KIND, "own", organizer.as_str()).await?.len();
        Ok((ahead < ROOMS_OF_PERSON_MAX).then(|| OwnRoom::called(format!("meeting/{case}"))))
    }

    /// Orders the room once it is opened, before anything is sent there. Ordered again it is the same.
    pub(super) async fn order_room(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        at_ms: u64,
    ) -> Result<(), MeetingsError> {
        let Some(own) = case.data.own_room().filter(|own| own.id.is_none()) else { return Ok(()) };
        let lang = self.kit().language(None, None).await?;
        let topic = self.kit().texts().fill(lang, "mt.room.topic", &[("no", &case.no)]);
        let request = request(case, &topic);
        if self.kit().order_place(batch, LOCALPART, &own.place, request).await? {
            look_for_room(self.kit(), batch, &case.id, at_ms, ROOM_LOOK_MS);
        }
        Ok(())
    }

    /// Has everybody in the room who is asked to it or to another meeting there, and nobody else. Its name follows the title, and
    /// its levels whose meeting it is. People of other servers come once the room is known: they wait in a lane of its own,
    /// because what is behind one whose server is away waits.
    pub(super) async fn keep_room(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let Some(own) = after.data.own_room() else { return Ok(()) };
        let before = before.filter(|before| before.data.own_room().is_some());
        // The later part of a series has the room of the earlier one, with the people in it.
        if before.is_none() && own.id.is_some() {
            return Ok(());
        }
        let place = To::Place(own.place.clone());
        self.keep_people(batch, before, after, own, (&place, true)).await?;
        if let Some(id) = &own.id {
            let known = before.filter(|before| !before.data.awaits_room());
            self.keep_people(batch, known, after, own, (&To::Room(id.clone()), false)).await?;
        }
        let Some(before) = before else { return Ok(()) };
        if name(before) != name(after) {
            let state = ("m.room.name", json!({ "name": name(after) }));
            self.put_state(batch, format!("mvn/{}/{}", after.id, after.rev), place.clone(), state);
        }
        if before.data.organizer() != after.data.organizer() {
            let state = ("m.room.power_levels", levels(&after.data));
            self.put_state(batch, format!("mvp/{}/{}", after.id, after.rev), place, state);
        }
        Ok(())
    }

    /// Those of this server, or those of others, come and go by letters to this place.
    async fn keep_people(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        own: &OwnRoom,
        (to, is_near): (&To, bool),
    ) -> Result<(), MeetingsError> {
        let here = self.kit().server_name();
        // Whoever is on another platform alone reads of it there.
        let people = |case: &Case<Meeting>| -> BTreeSet<OwnedUserId> {
            let is_meant =
                |user: &OwnedUserId| !self.is_beyond(user) && (user.server_name() == here) == is_near;
            case.data.accounts().into_iter().filter(is_meant).collect()
        };
        let (old, new) = (before.map(people).unwrap_or_default(), people(after));
        let put = |batch: &mut Batch, user: &UserId, how: &str| {
            let key = format!("mv/{}/{}/{user}", after.id, after.rev);
            let letter = office::membership(key, LOCALPART, &own.place, user, how);
            self.kit().outbox().put(batch, Letter { to: to.clone(), ..letter });
        };
        let mut gone: BTreeSet<&OwnedUserId> = old.difference(&new).collect();
        if let Some(room) = own.id.as_ref().filter(|_| !gone.is_empty()) {
            for other in self.others_in(room, &after.id).await? {
                gone.retain(|user| !other.data.concerns(user));
            }
        }
        for user in gone {
            put(batch, user, "leave");
        }
        for user in new.difference(&old) {
            put(batch, user, "invite");
        }
        Ok(())
    }

    /// The meetings besides this one that are ahead or under way, and of which people talk in this room.
    pub(super) async fn others_in(
        &self,
        room: &RoomId,
        id: &str,
    ) -> Result<Vec<Case<Meeting>>, MeetingsError> {
        let mut others = Vec::new();
        for other in self.cases().await?.listed(KIND, "room", room.as_str()).await? {
            if other != id {
                others.extend(self.case(&other).await?);
            }
        }
        Ok(others)
    }

    fn put_state(&self, batch: &mut Batch, key: String, to: To, (kind, content): (&str, Value)) {
        let letter = Letter::message(key, LOCALPART, to, content);
        let letter = Letter { kind: kind.to_owned(), state_key: Some(String::new()), ..letter };
        self.kit().outbox().put(batch, letter);
    }

    /// The timer that looks whether a room is made.
    pub(super) async fn look_at_room(
        &self,
        id: &str,
        fired: &Fired,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let is_over = matches!(case.state.as_str(), state::CANCELLED | state::ENDED | state::MINUTED);
        let Some(own) = case.data.own_room().filter(|own| own.id.is_none()) else { return Ok(()) };
        match self.kit().place(LOCALPART, &own.place).await? {
            Some(room) => self.furnish(case, Action::Furnish(Some(room)), &fired.key, batch).await,
            None if is_over => Ok(()),
            None => {
                let pause_ms = fired.payload["pause_ms"].as_u64().unwrap_or(ROOM_LOOK_MS);
                let pause_ms = pause_ms.saturating_mul(2).min(ROOM_LOOK_MS_MAX);
                look_for_room(self.kit(), batch, id, self.kit().clock().now_ms(), pause_ms);
                Ok(())
            }
        }
    }

    /// A letter came back: where it was the first one into a room, there will be none.
    pub(super) async fn lacks_room(&self, key: &str, batch: &mut Batch) -> Result<(), MeetingsError> {
        let Some((id, Letters::Card)) = of_key(key).filter(|_| key.ends_with("/room")) else { return Ok(()) };
        let Some(case) = self.case(id).await? else { return Ok(()) };
        let Some(own) = case.data.own_room().filter(|own| own.id.is_none()) else { return Ok(()) };
        if self.kit().place(LOCALPART, &own.place).await?.is_some() {
            return Ok(());
        }
        tracing::warn!(meeting = case.no, "no room can be made for a meeting");
        self.furnish(case, Action::Furnish(None), key, batch).await
    }

    async fn furnish(
        &self,
        case: Case<Meeting>,
        action: Action,
        marker: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let scene = self.scene_of(&case, self.kit().clock().now_ms()).await?;
        let mut change = Change::of(case);
        if let Err(refusal) = scene.act(&mut change, &action, &Actor::nobody()) {
            tracing::warn!(code = refusal.code, marker, "a room of a meeting is refused");
            return Ok(());
        }
        self.carry_out(batch, change, &scene, marker).await
    }
}

fn look_for_room(kit: &Kit, batch: &mut Batch, case: &str, now_ms: u64, pause_ms: u64) {
    let payload = json!({ "pause_ms": pause_ms });
    kit.timers().set(batch, LOCALPART, &format!("{TIMER}{case}"), now_ms.saturating_add(pause_ms), payload);
}

/// What the room is called.
fn name(case: &Case<Meeting>) -> String {
    format!("{} {}", case.no, case.data.event.title)
}

/// The levels of the room. The bot has made it and stands above all of them.
fn levels(meeting: &Meeting) -> Value {
    // Everybody may be in the call.
    let free = CALL_MEMBERS.into_iter().map(|kind| (kind.to_owned(), json!(0)));
    let own = [format!("{PREFIX}room"), format!("{PREFIX}meeting")];
    let kept = KEPT_STATE.into_iter().map(ToOwned::to_owned).chain(own);
    let events: serde_json::Map<String, Value> =
        free.chain(kept.map(|kind| (kind, json!(POWER_OF_BOT)))).collect();
    let users: serde_json::Map<String, Value> =
        meeting.organizer().into_iter().map(|user| (user.to_string(), json!(POWER_OF_ORGANIZER))).collect();
    json!({
        "users": users, "users_default": 0, "events": events, "events_default": 0,
        "state_default": POWER_OF_ORGANIZER, "invite": POWER_OF_ORGANIZER, "kick": POWER_OF_ORGANIZER,
        "ban": POWER_OF_ORGANIZER, "redact": POWER_OF_ORGANIZER, "historical": POWER_OF_BOT,
    })
}

/// The body of `createRoom`.
fn request(case: &Case<Meeting>, topic: &str) -> Value {
    json!({
        "preset": "private_chat",
        "room_version": "12",
        "name": name(case),
        "topic": topic,
        "power_level_content_override": levels(&case.data),
        "initial_state": [
            { "type": format!("{PREFIX}room"), "state_key": "",
              "content": { "v": 1, "kind": KIND, "no": case.no } },
            { "type": "m.room.history_visibility", "state_key": "",
              "content": { "history_visibility": "invited" } },
        ],
    })
}
