//! What the members of bound rooms are called, by what it looks like: somebody from elsewhere may take such a name to be taken for
//! them.
//!
//! A room's members are read once, and after that each change is heard as the room tells it, so nobody is looked for when somebody
//! speaks. What is heard while a room is being read is newer than what is read.

use std::collections::{HashMap, HashSet};

use base::Shutdown;
use parking_lot::RwLock;
use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use tokio::sync::Notify;

use crate::{
    Bridges, LOCALPART,
    alike::letters,
    limits::{MEMBER_NAMES_INTERVAL, MEMBER_NAMES_MAX, MEMBER_NAMES_PER_ROOM_MAX},
    names::{is_ghost, modest},
    namesakes::keys,
};

/// A name: its letters, and by what it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Called {
    written: String,
    keys: Vec<String>,
}

impl Called {
    fn of(name: &str) -> Self {
        let name = modest(name);
        Self { written: letters(&name), keys: keys(&name) }
    }
}

#[derive(Default)]
struct Room {
    /// Members by what they are called; none for who left while the room is being read.
    called: HashMap<OwnedUserId, Option<Called>>,
    is_whole: bool,
}

#[derive(Default)]
struct Rows {
    rooms: HashMap<OwnedRoomId, Room>,
    /// Each way in which a name is seen → the letters of those names, and how many members have them.
    index: HashMap<String, HashMap<String, usize>>,
    names: usize,
}

impl Rows {
    fn enter(&mut self, called: &Called) {
        self.names += 1;
        for key in &called.keys {
            *self.index.entry(key.clone()).or_default().entry(called.written.clone()).or_default() += 1;
        }
    }

    fn leave(&mut self, called: &Called) {
        self.names = self.names.saturating_sub(1);
        for key in &called.keys {
            let Some(all) = self.index.get_mut(key) else { continue };
            if let Some(count) = all.get_mut(&called.written) {
                *count = count.saturating_sub(1);
            }
            all.retain(|_, count| *count > 0);
            if all.is_empty() {
                self.index.remove(key);
            }
        }
    }

    /// Somebody of a room is called so now, or is nobody there any more.
    fn set(&mut self, room: &RoomId, user: OwnedUserId, called: Option<Called>) {
        let Some(known) = self.rooms.get_mut(room) else { return };
        let has_place = known.called.len() < MEMBER_NAMES_PER_ROOM_MAX && self.names < MEMBER_NAMES_MAX;
        if !has_place && !known.called.contains_key(&user) {
            return;
        }
        let old = match (&called, known.is_whole) {
            (None, true) => known.called.remove(&user),
            _ => known.called.insert(user, called.clone()),
        };
        if let Some(old) = old.flatten() {
            self.leave(&old);
        }
        if let Some(called) = called {
            self.enter(&called);
        }
    }

    fn forget(&mut self, room: &RoomId) {
        let gone = self.rooms.remove(room).into_iter().flat_map(|room| room.called.into_values());
        for called in gone.flatten() {
            self.leave(&called);
        }
    }
}

/// What the members of bound rooms are called.
#[derive(Default)]
pub(crate) struct MemberNames {
    rows: RwLock<Rows>,
    /// A room is to be read.
    news: Notify,
}

impl MemberNames {
    /// Something happened in a bound room: one that was never read is read soon.
    pub fn noticed(&self, room: &RoomId) {
        if !self.rows.read().rooms.contains_key(room) {
            self.news.notify_one();
        }
    }

    /// Somebody of a room is called so now; with nothing, is nobody there any more.
    pub fn heard(&self, room: &RoomId, user: &UserId, name: Option<&str>) {
        let called = name.filter(|name| !name.is_empty()).map(Called::of);
        self.rows.write().set(room, user.to_owned(), called);
    }

    /// Whether a name is to be told from that of a member: somebody of the same company may well be called the same, and nobody by
    /// chance with letters of another script.
    pub fn are_there(&self, name: &str, is_external: bool) -> bool {
        let called = Called::of(name);
        let rows = self.rows.read();
        let mut alike = called.keys.iter().filter_map(|key| rows.index.get(key)).flat_map(HashMap::keys);
        alike.any(|member| is_external || *member != called.written)
    }

    /// Which of these rooms are to be read; all others are forgotten.
    fn unread(&self, bound: HashSet<OwnedRoomId>) -> Vec<OwnedRoomId> {
        let mut rows = self.rows.write();
        let gone: Vec<_> = rows.rooms.keys().filter(|room| !bound.contains(*room)).cloned().collect();
        gone.iter().for_each(|room| rows.forget(room));
        bound.into_iter().filter(|room| rows.rooms.get(room).is_none_or(|known| !known.is_whole)).collect()
    }

    /// A room begins to be read.
    fn begin(&self, room: &RoomId) {
        self.rows.write().rooms.entry(room.to_owned()).or_default();
    }

    /// A room was read.
    fn fill(&self, room: &RoomId, members: Vec<(OwnedUserId, Called)>) {
        let mut rows = self.rows.write();
        for (user, called) in members {
            let is_heard = rows.rooms.get(room).is_some_and(|known| known.called.contains_key(&user));
            if !is_heard {
                rows.set(room, user, Some(called));
            }
        }
        if let Some(known) = rows.rooms.get_mut(room) {
            known.called.retain(|_, called| called.is_some());
            known.is_whole = true;
        }
    }
}

impl Bridges {
    /// Reads the members of rooms that were never read, until the shutdown. A room that cannot be read is tried again later.
    pub(crate) async fn keep_member_names(&self, shutdown: &Shutdown) {
        let names = &self.0.switchboard.member_names;
        while !shutdown.is_triggered() {
            for room in names.unread(self.portals().rooms()) {
                tokio::select! {
                    () = shutdown.wait() => return,
                    () = self.read_member_names(&room) => {}
                }
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = names.news.notified() => {}
                () = tokio::time::sleep(MEMBER_NAMES_INTERVAL) => {}
            }
        }
    }

    async fn read_member_names(&self, room: &RoomId) {
        let names = &self.0.switchboard.member_names;
        names.begin(room);
        let read = match self.bot_intent() {
            Ok(bot) => bot.joined_names(room).await,
            Err(_) => return,
        };
        let members = match read {
            Ok(members) => members,
            Err(error) => {
                return tracing::debug!(%error, %room, "the members of a room are not read; will try again");
            }
        };
        let is_person = |user: &UserId| {
            !is_ghost(user, &self.0.server_name)
                && *user != self.0.switchboard.bot
                && user.localpart() != LOCALPART
        };
        let people: Vec<_> = members
            .into_iter()
            .filter_map(|(user, name)| Some((user, name?)))
            .filter(|(user, name)| is_person(user) && !name.is_empty())
            .take(MEMBER_NAMES_PER_ROOM_MAX)
            .collect();
        // What many names look like takes its time.
        let seen = move || people.into_iter().map(|(user, name)| (user, Called::of(&name))).collect();
        if let Ok(members) = tokio::task::spawn_blocking(seen).await {
            names.fill(room, members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(id: &str) -> OwnedRoomId {
        RoomId::parse(id).expect("a room")
    }

    fn user(id: &str) -> OwnedUserId {
        UserId::parse(id).expect("a user")
    }

    fn read(names: &MemberNames, room: &RoomId, members: &[(&str, &str)]) {
        names.begin(room);
        names.fill(room, members.iter().map(|(id, name)| (user(id), Called::of(name))).collect());
    }

    #[test]
    fn a_name_is_known_while_somebody_in_a_bound_room_has_it() {
        let (names, one, other) = (MemberNames::default(), room("!a:test"), room("!b:test"));
        read(&names, &one, &[("@anna:test", "Anna Li"), ("@bo:test", "Bo")]);
        read(&names, &other, &[("@anna:test", "Anna Li")]);
        for (name, is_external, expected) in [
            ("Anna Li", true, true),
            ("Anna Li", false, false),
            ("Аnna Li", false, true),
            ("Li", true, false),
        ] {
            assert_eq!(names.are_there(name, is_external), expected, "{name}");
        }
        names.heard(&one, &user("@anna:test"), None);
        assert!(names.are_there("Anna Li", true), "she is in the other room");
        names.heard(&other, &user("@anna:test"), Some("Chen"));
        assert!(!names.are_there("Anna Li", true) && names.are_there("Chen", true));
        names.heard(&room("!unbound:test"), &user("@dan:test"), Some("Dan"));
        assert!(!names.are_there("Dan", true));
        assert!(names.unread(HashSet::from([one])).is_empty(), "it is known whole");
        assert!(!names.are_there("Chen", true) && names.are_there("Bo", true), "that room is bound no more");
        assert!(names.unread(HashSet::new()).is_empty());
        let rows = names.rows.read();
        assert!(rows.index.is_empty() && rows.names == 0 && rows.rooms.is_empty());
    }

    #[test]
    fn what_is_heard_while_a_room_is_read_is_newer() {
        let (names, room) = (MemberNames::default(), room("!a:test"));
        names.begin(&room);
        assert_eq!(names.unread(HashSet::from([room.clone()])), std::slice::from_ref(&room));
        names.heard(&room, &user("@anna:test"), Some("Chen"));
        names.heard(&room, &user("@bo:test"), None);
        read(&names, &room, &[("@anna:test", "Anna Li"), ("@bo:test", "Bo")]);
        assert!(names.are_there("Chen", true) && !names.are_there("Anna Li", true));
        assert!(!names.are_there("Bo", true), "he has left");
    }

    #[test]
    fn a_room_of_very_many_keeps_no_more_names_than_it_may() {
        let (names, room) = (MemberNames::default(), room("!a:test"));
        names.begin(&room);
        let called = Called::of("Anna");
        let many =
            (0..=MEMBER_NAMES_PER_ROOM_MAX).map(|number| (user(&format!("@u{number}:test")), called.clone()));
        names.fill(&room, many.collect());
        assert_eq!(names.rows.read().names, MEMBER_NAMES_PER_ROOM_MAX);
    }
}
