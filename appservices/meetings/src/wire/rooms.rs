//! Rooms that the bot makes for meetings which were asked for in a direct chat: ordered with the meeting, made with the first
//! letter there, and known to the meeting once they are.

use std::collections::BTreeSet;

use cases::Case;
use kit::{CALL_MEMBERS, Fired, Kit, Letter, PREFIX, To};
use ruma::{OwnedUserId, UserId};
use serde_json::{Value, json};
use store::Batch;

use super::{Change, KIND, LOCALPART, Meetings, search::is_elsewhere_alone};
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
const KEPT_STATE: [&str; 5] = [
    "m.room.power_levels",
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

    /// Orders the room once it is opened, before anything is sent there.
    pub(super) async fn order_room(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
        at_ms: u64,
    ) -> Result<(), MeetingsError> {
        let was_open = before.is_some_and(|before| before.data.own_room().is_some());
        let Some(own) = after.data.own_room().filter(|own| !was_open && own.id.is_none()) else {
            return Ok(());
        };
        let lang = self.kit().language(None, None).await?;
        let topic = self.kit().texts().fill(lang, "mt.room.topic", &[("no", &after.no)]);
        let request = request(after, &topic);
        if self.kit().order_place(batch, LOCALPART, &own.place, request).await? {
            look_for_room(self.kit(), batch, &after.id, at_ms, ROOM_LOOK_MS);
        }
        Ok(())
    }

    /// Has everybody in the room who is asked, and nobody else: people of this server first, because what is behind one whose
    /// server is away waits. Its name follows the title.
    pub(super) fn keep_room(&self, batch: &mut Batch, before: Option<&Case<Meeting>>, after: &Case<Meeting>) {
        let Some(own) = after.data.own_room() else { return };
        let before = before.filter(|before| before.data.own_room().is_some());
        // The later part of a series has the room of the earlier one, with the people in it.
        if before.is_none() && own.id.is_some() {
            return;
        }
        // Whoever is on another platform alone reads of it there.
        let people = |case: &Case<Meeting>| -> BTreeSet<OwnedUserId> {
            case.data.accounts().into_iter().filter(|user| !is_elsewhere_alone(user)).collect()
        };
        let (old, new) = (before.map(people).unwrap_or_default(), people(after));
        let put = |batch: &mut Batch, user: &UserId, how: &str| {
            let key = format!("mv/{}/{}/{user}", after.id, after.rev);
            self.kit().outbox().put(batch, office::membership(key, LOCALPART, &own.place, user, how));
        };
        let here = self.kit().server_name();
        let (near, far): (Vec<&OwnedUserId>, Vec<_>) =
            new.difference(&old).partition(|user| user.server_name() == here);
        for user in old.difference(&new) {
            put(batch, user, "leave");
        }
        for user in near.into_iter().chain(far) {
            put(batch, user, "invite");
        }
        if before.is_some_and(|before| name(before) != name(after)) {
            let key = format!("mvn/{}/{}", after.id, after.rev);
            let content = json!({ "name": name(after) });
            let letter = Letter::message(key, LOCALPART, To::Place(own.place.clone()), content);
            let letter = Letter { kind: "m.room.name".to_owned(), state_key: Some(String::new()), ..letter };
            self.kit().outbox().put(batch, letter);
        }
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

/// The body of `createRoom`. The bot has made it and stands above all levels.
fn request(case: &Case<Meeting>, topic: &str) -> Value {
    // Everybody may be in the call.
    let free = CALL_MEMBERS.into_iter().map(|kind| (kind, 0));
    let kept = KEPT_STATE.into_iter().map(|kind| (kind, POWER_OF_BOT));
    let events: serde_json::Map<String, Value> =
        free.chain(kept).map(|(kind, power)| (kind.to_owned(), json!(power))).collect();
    let users: serde_json::Map<String, Value> =
        case.data.organizer().into_iter().map(|user| (user.to_string(), json!(POWER_OF_ORGANIZER))).collect();
    json!({
        "preset": "private_chat",
        "room_version": "12",
        "name": name(case),
        "topic": topic,
        "power_level_content_override": {
            "users": users, "users_default": 0, "events": events, "events_default": 0,
            "state_default": POWER_OF_ORGANIZER, "invite": POWER_OF_ORGANIZER, "kick": POWER_OF_ORGANIZER,
            "ban": POWER_OF_ORGANIZER, "redact": POWER_OF_ORGANIZER,
        },
        "initial_state": [
            { "type": format!("{PREFIX}room"), "state_key": "",
              "content": { "v": 1, "kind": KIND, "no": case.no } },
            { "type": "m.room.history_visibility", "state_key": "",
              "content": { "history_visibility": "invited" } },
        ],
    })
}
