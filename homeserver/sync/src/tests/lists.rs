//! The lists of sliding sync against a full sort of the user's rooms, after every step of a random history.

use std::collections::{BTreeMap, BTreeSet};

use base::Rng;
use rooms::{CreateRoom, Joining, Membership, Preset, canonical_object};
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::{Value, json, value::to_raw_value};

use super::{World, user, world};
use crate::sliding::{Dialect, ExtensionRequests, ListRequest, RoomConfig, RoomFilters, SlidingRequest};

const ROOMS: usize = 10;
const STEPS: usize = 120;

/// What the test remembers of a room, in its own words.
#[derive(Clone, Debug, Default)]
struct Truth {
    is_dm: bool,
    is_space: bool,
    is_encrypted: bool,
    is_favourite: bool,
    is_child: bool,
    name: Option<String>,
    /// The user was put out by somebody else and has not forgotten the room.
    is_removed: bool,
}

/// A filter in the words of a request, and as a rule about what the test remembers.
type Rule = (RoomFilters, fn(&Truth, Membership) -> bool);

fn rules(space: &OwnedRoomId) -> Vec<Rule> {
    let everything = RoomFilters::default();
    vec![
        (everything.clone(), |_, _| true),
        (RoomFilters { is_dm: Some(true), ..everything.clone() }, |room, _| room.is_dm),
        (
            RoomFilters { is_dm: Some(false), is_invited: Some(false), ..everything.clone() },
            |room, member| !room.is_dm && member != Membership::Invite,
        ),
        (RoomFilters { is_encrypted: Some(true), ..everything.clone() }, |room, _| room.is_encrypted),
        (
            RoomFilters { not_room_types: vec![Some("m.space".to_owned())], ..everything.clone() },
            |room, _| !room.is_space,
        ),
        (RoomFilters { tags: Some(vec!["m.favourite".to_owned()]), ..everything.clone() }, |room, _| {
            room.is_favourite
        }),
        (RoomFilters { not_tags: vec!["m.favourite".to_owned()], ..everything.clone() }, |room, _| {
            !room.is_favourite
        }),
        (RoomFilters { spaces: Some(vec![space.to_string()]), ..everything.clone() }, |room, _| {
            room.is_child
        }),
        (RoomFilters { room_name_like: Some("NEW".to_owned()), ..everything }, |room, _| {
            room.name.as_ref().is_some_and(|name| name.contains("new"))
        }),
    ]
}

/// Every place of every list by itself, so that one answer shows the whole order.
fn request(user: &OwnedUserId, rules: &[Rule]) -> SlidingRequest {
    let places = (0..rules.len()).flat_map(|rule| (0..ROOMS as u64).map(move |place| (rule, place)));
    let list = |(rule, place): (usize, u64)| {
        let ranges = Some(vec![(place, place)]);
        let filters = rules[rule].0.clone();
        (format!("{rule} {place}"), ListRequest { ranges, filters, config: RoomConfig::default() })
    };
    SlidingRequest {
        user: user.clone(),
        device: Some("DEVICE".into()),
        dialect: Dialect::Stable,
        conn_id: String::new(),
        pos: None,
        txn_id: None,
        timeout_ms: 0,
        set_presence: ruma::presence::PresenceState::Offline,
        lists: places.map(list).collect(),
        subscriptions: BTreeMap::new(),
        extensions: ExtensionRequests::default(),
    }
}

struct Story {
    w: World,
    me: OwnedUserId,
    other: OwnedUserId,
    rooms: BTreeMap<OwnedRoomId, Truth>,
    space: OwnedRoomId,
}

impl Story {
    async fn begin() -> Self {
        let w = world().await;
        let [me, other] = [user("me"), user("other")];
        let (mut rooms, mut space) = (BTreeMap::new(), None);
        for number in 0..ROOMS {
            let mut create = CreateRoom::new(other.clone());
            create.preset = Preset::PublicChat;
            let is_space = number == 0;
            // Rooms of one moment would be one room if they said the same.
            let mut content = json!({"org.example.number": number});
            if is_space {
                content["type"] = json!("m.space");
            }
            create.creation_content = canonical_object(&content.to_string()).unwrap();
            let room = w.rooms.create(&create).await.unwrap().room_id;
            if is_space {
                w.rooms.join(&room, &me, &Joining::default()).await.unwrap();
                space = Some(room.clone());
            }
            rooms.insert(room, Truth { is_space, ..Truth::default() });
        }
        Self { w, me, other, rooms, space: space.unwrap() }
    }

    async fn membership(&self, room: &OwnedRoomId) -> Option<(Membership, bool)> {
        let num = self.w.rooms.room_num(&self.w.store, room).await.unwrap().unwrap();
        let member = self.w.rooms.member(&self.w.store, num, &self.me).await.unwrap();
        member.map(|member| (member.membership, member.forgotten))
    }

    async fn sets(&self, room: &OwnedRoomId, kind: &str, key: &str, content: &Value) {
        let content = canonical_object(&content.to_string()).unwrap();
        self.w.rooms.send_state(room, &self.other, kind, key, content, None).await.unwrap();
    }

    async fn keeps(&self, room: Option<&OwnedRoomId>, kind: &str, content: &Value) {
        let content = to_raw_value(content).unwrap();
        let room = room.map(|room| &**room);
        self.w.accounts.set_account_data(&self.me, room, kind, &content).await.unwrap();
    }

    async fn step(&mut self, kind: u64, room: &OwnedRoomId) {
        let (rooms, me, other) = (self.w.rooms.clone(), self.me.clone(), self.other.clone());
        let member = self.membership(room).await.map(|(membership, _)| membership);
        let mut truth = self.rooms[room].clone();
        match kind {
            0..4 => self.w.says(room, &other, "hello").await,
            4 | 5 if member != Some(Membership::Ban) => {
                rooms.join(room, &me, &Joining::default()).await.unwrap();
                truth.is_removed = false;
            }
            6 if matches!(member, None | Some(Membership::Leave)) => {
                rooms.invite(room, &other, &me, None).await.unwrap();
                truth.is_removed = false;
            }
            7 if matches!(member, Some(Membership::Join | Membership::Invite)) && !truth.is_space => {
                rooms.leave(room, &me, None).await.unwrap();
                truth.is_removed = false;
            }
            8 if member == Some(Membership::Join) && !truth.is_space => {
                rooms.kick(room, &other, &me, None, false).await.unwrap();
                truth.is_removed = true;
            }
            9 if matches!(member, Some(Membership::Leave | Membership::Ban)) => {
                rooms.forget(room, &me).await.unwrap();
                truth.is_removed = false;
            }
            10 => {
                truth.is_dm = !truth.is_dm;
                self.rooms.insert(room.clone(), truth.clone());
                let chats: Vec<_> = self.rooms.iter().filter(|(_, truth)| truth.is_dm).collect();
                let chats: Vec<_> = chats.into_iter().map(|(room, _)| room).collect();
                self.keeps(None, "m.direct", &json!({&other: chats})).await;
            }
            11 => {
                truth.is_favourite = !truth.is_favourite;
                let tags = if truth.is_favourite { json!({"m.favourite": {}}) } else { json!({}) };
                self.keeps(Some(room), "m.tag", &json!({"tags": tags})).await;
            }
            12 => self.keeps(Some(room), "org.example", &json!({"x": truth.is_dm})).await,
            13 if member == Some(Membership::Join) => {
                truth.is_encrypted = true;
                self.sets(room, "m.room.encryption", "", &json!({"algorithm": "m.megolm.v1.aes-sha2"})).await;
            }
            14 if member == Some(Membership::Join) => {
                let name = if truth.name.is_some() { "" } else { "a new name" };
                truth.name = Some(name.to_owned()).filter(|name| !name.is_empty());
                self.sets(room, "m.room.name", "", &json!({"name": name})).await;
            }
            15 => {
                truth.is_child = !truth.is_child;
                let content = if truth.is_child { json!({"via": ["hs.test"]}) } else { json!({}) };
                self.sets(&self.space, "m.space.child", room.as_str(), &content).await;
            }
            _ => {}
        }
        self.rooms.insert(room.clone(), truth);
    }

    /// The rooms that pass, the newest first, by looking at every one of them.
    async fn sorted(&self, passes: fn(&Truth, Membership) -> bool) -> Vec<OwnedRoomId> {
        let rooms = &self.w.rooms;
        let mut found = Vec::new();
        for (room, member) in rooms.rooms_of_user(&self.me).await.unwrap().iter() {
            let id = rooms.room_id(&self.w.store, *room).await.unwrap();
            let truth = &self.rooms[&id];
            let at = match member.membership {
                Membership::Join => rooms.latest_position(*room).await.unwrap(),
                Membership::Invite => member.position,
                Membership::Knock | Membership::Leave | Membership::Ban if truth.is_removed => {
                    member.position
                }
                Membership::Knock | Membership::Leave | Membership::Ban => continue,
            };
            if passes(truth, member.membership) {
                found.push((at, id));
            }
        }
        found.sort();
        found.into_iter().rev().map(|(_, id)| id).collect()
    }

    async fn check(&self, rules: &[Rule], story: &str) {
        let body = self.w.sync.slide(request(&self.me, rules)).await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let mut shown: BTreeMap<String, &str> = BTreeMap::new();
        for (id, room) in answer["rooms"].as_object().into_iter().flatten() {
            for list in room["lists"].as_array().unwrap() {
                let before = shown.insert(list.as_str().unwrap().to_owned(), id);
                assert_eq!(before, None, "one room for each place, after {story}");
            }
        }
        for (rule, (filters, passes)) in rules.iter().enumerate() {
            let expected = self.sorted(*passes).await;
            for place in 0..ROOMS {
                let list = format!("{rule} {place}");
                let expected_here = expected.get(place).map(|id| id.as_str());
                assert_eq!(
                    shown.get(&list).copied(),
                    expected_here,
                    "place {place} of {filters:?} after {story}"
                );
                assert_eq!(answer["lists"][&list]["count"], expected.len(), "{filters:?} after {story}");
            }
        }
    }
}

#[tokio::test]
async fn windows_and_counts_are_those_of_a_full_sort_after_every_step() {
    for seed in 0..2 {
        let rng = Rng::seeded(seed);
        let mut story = Story::begin().await;
        let rules = rules(&story.space);
        let ids: Vec<OwnedRoomId> = story.rooms.keys().cloned().collect();
        let mut kinds = BTreeSet::new();
        for step in 0..STEPS {
            let (kind, room) = (rng.below(16), &ids[rng.below(ROOMS as u64) as usize]);
            kinds.insert(kind);
            story.step(kind, room).await;
            story.check(&rules, &format!("step {step} of seed {seed}: {kind} in {room}")).await;
        }
        assert_eq!(kinds.len(), 16, "every kind of step was taken");
    }
}

#[tokio::test]
async fn opening_a_list_again_judges_what_moved_and_nothing_else() {
    let story = Story::begin().await;
    for room in story.rooms.keys() {
        story.w.rooms.join(room, &story.me, &Joining::default()).await.unwrap();
    }
    let rules: Vec<Rule> = rules(&story.space).into_iter().take(1).collect();
    let judged = async || {
        let mut request = request(&story.me, &rules);
        request.lists.retain(|name, _| name == "0 0");
        story.w.sync.slide(request).await.unwrap();
        story.w.sync.0.sliding.orders.judged(&story.me).await
    };
    assert_eq!(judged().await, Some(ROOMS));
    assert_eq!(judged().await, Some(0));
    let moved = story.rooms.keys().nth(3).unwrap();
    for body in ["hello", "hello again"] {
        story.w.says(moved, &story.other, body).await;
    }
    assert_eq!(judged().await, Some(1));
}
