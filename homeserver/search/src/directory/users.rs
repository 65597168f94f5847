//! Searching people.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::RoomNum;
use rooms::Membership;
use ruma::{OwnedMxcUri, OwnedUserId, UserId};
use store::Scan;

use super::elsewhere::{NameInRoom, words_of};
use crate::{
    Search, SearchError,
    limits::{CANDIDATES_MAX, NAME_ROWS_MAX, USERS_PAGE_MAX},
    messages::check_term,
    tables::{OPEN_ROOM, USER_ENTRY, USER_WORD},
    text::{fold, name_query},
};

/// Whom somebody looks for.
#[derive(Clone, Debug)]
pub struct UserQuery {
    /// A name, the begins of its words, or the begin of a user id.
    pub term: String,
    /// At most so many.
    pub limit: usize,
}

/// A person who was found. The names are those of the profile, never those of a room; of a user of another server those
/// of the room by which they are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUser {
    /// The person.
    pub user: OwnedUserId,
    /// Their display name.
    pub display_name: Option<String>,
    /// Their picture.
    pub avatar_url: Option<OwnedMxcUri>,
}

/// People who were found, the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundUsers {
    /// The people.
    pub users: Vec<FoundUser>,
    /// There are more than these.
    pub limited: bool,
}

/// Why somebody may be found, the best reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    SharesRoom,
    IsInOpenRoom,
    IsHere,
}

/// What a term looks for.
struct Sought {
    /// Begins of words, all of which a person must have.
    words: BTreeSet<String>,
    /// The begins of localpart and server name, for a term that begins a user id.
    id: Option<(String, String)>,
    /// The whole term.
    folded: String,
}

impl Sought {
    /// Whether a user id begins like this, if an id is sought.
    fn is_begin_of(&self, user: &UserId) -> bool {
        self.id.as_ref().is_none_or(|(localpart, server)| {
            fold(user.localpart()).starts_with(localpart.as_str())
                && fold(user.server_name().as_str()).starts_with(server.as_str())
        })
    }

    /// Whether each sought word begins one of these.
    fn is_in<'a>(&self, words: impl IntoIterator<Item = &'a String> + Clone) -> bool {
        let has = |begin: &String| words.clone().into_iter().any(|word| word.starts_with(begin.as_str()));
        self.words.iter().all(has)
    }
}

impl Search {
    /// The people whom `asker` may find by a term: those who share a room with them or are in rooms that
    /// anybody may enter or read; with the setting, everybody of this server. Closed and locked accounts are not found, nor users that an
    /// application service has for itself, unless its registration says so.
    ///
    /// # Errors
    /// `InvalidParam` for a term beyond its bound.
    pub async fn users(&self, asker: &UserId, query: &UserQuery) -> Result<FoundUsers, SearchError> {
        check_term(&query.term)?;
        let Some(sought) = self.sought(&query.term) else { return Ok(FoundUsers::default()) };
        let is_current = self.caught_up(&self.directory_progress).await;
        let (candidates, overflowed) = self.candidates(&sought).await?;
        let mut judge = self.user_judge(asker).await?;
        let mut found = Vec::new();
        for candidate in candidates {
            let judged = if self.parts.rooms.is_local(&candidate) {
                judge.account(self, candidate).await?
            } else {
                judge.foreigner(self, &sought, candidate).await?
            };
            let Some((nearness, user)) = judged else { continue };
            let is_exact = user.display_name.as_deref().is_some_and(|name| fold(name) == sought.folded)
                || fold(user.user.localpart()) == sought.folded.trim_start_matches('@');
            found.push(((nearness, !is_exact), user));
        }
        found.sort_by(|(rank, a), (other, b)| rank.cmp(other).then_with(|| a.user.cmp(&b.user)));
        let limit = query.limit.clamp(1, USERS_PAGE_MAX);
        let limited = overflowed || !is_current || found.len() > limit;
        Ok(FoundUsers { users: found.into_iter().take(limit).map(|(_, user)| user).collect(), limited })
    }

    /// None for a term that can find nobody.
    fn sought(&self, term: &str) -> Option<Sought> {
        let folded = fold(term.trim());
        let id = folded.strip_prefix('@').map(|id| {
            let (localpart, server) = id.split_once(':').unwrap_or((id, ""));
            (localpart.to_owned(), server.to_owned())
        });
        let words = match &id {
            Some((localpart, _)) => BTreeSet::from([localpart.clone()]),
            None => name_query(&folded),
        };
        let is_empty = words.iter().all(String::is_empty);
        (!is_empty).then_some(Sought { words, id, folded })
    }

    /// People with all the words, and whether there may be more.
    async fn candidates(&self, sought: &Sought) -> Result<(Vec<OwnedUserId>, bool), SearchError> {
        // The longest begin has the fewest words behind it.
        let Some(longest) = sought.words.iter().max_by_key(|word| word.chars().count()) else {
            return Ok((Vec::new(), false));
        };
        let store = &self.parts.store;
        let range = Scan::all().from(&(longest.as_str(), "")).until(&(after(longest).as_str(), ""));
        let rows = store.scan_keys(&USER_WORD, range.limit(NAME_ROWS_MAX)).await?;
        let mut overflowed = rows.len() == NAME_ROWS_MAX;
        let mut seen = HashSet::new();
        let mut candidates = Vec::new();
        for (_, user) in rows {
            let Ok(user) = OwnedUserId::try_from(user) else { continue };
            if !sought.is_begin_of(&user)
                || !seen.insert(user.clone())
                || self.parts.accounts.is_unlisted(&user)
            {
                continue;
            }
            if sought.words.len() > 1 {
                let words = store.get(&USER_ENTRY, &user).await?.unwrap_or_default().words;
                if !sought.is_in(&words) {
                    continue;
                }
            }
            if candidates.len() == CANDIDATES_MAX {
                overflowed = true;
                break;
            }
            candidates.push(user);
        }
        Ok((candidates, overflowed))
    }

    async fn user_judge<'a>(&self, asker: &'a UserId) -> Result<UserJudge<'a>, SearchError> {
        let memberships = self.parts.rooms.rooms_of_user(asker).await?;
        let joined = memberships.iter().filter(|(_, member)| member.membership == Membership::Join);
        Ok(UserJudge { asker, joined: joined.map(|(room, _)| *room).collect(), open: HashMap::new() })
    }
}

/// Judges who may be found by one person, remembering rooms.
struct UserJudge<'a> {
    asker: &'a UserId,
    joined: HashSet<RoomNum>,
    open: HashMap<RoomNum, bool>,
}

impl UserJudge<'_> {
    /// Judges an account of this server.
    async fn account(
        &mut self,
        search: &Search,
        user: OwnedUserId,
    ) -> Result<Option<(Nearness, FoundUser)>, SearchError> {
        let Some(nearness) = self.nearness(search, &user).await? else { return Ok(None) };
        let profile = search.parts.accounts.profile(&search.parts.store, &user).await?;
        Ok(profile.map(|profile| {
            let (display_name, avatar_url) = (profile.displayname, profile.avatar_url);
            (nearness, FoundUser { user, display_name, avatar_url })
        }))
    }

    /// Judges a user of another server: by each room of their own, because a name in a room is for those who may see it.
    async fn foreigner(
        &mut self,
        search: &Search,
        sought: &Sought,
        user: OwnedUserId,
    ) -> Result<Option<(Nearness, FoundUser)>, SearchError> {
        let mut nearest: Option<(Nearness, FoundUser)> = None;
        for (room, event) in search.rooms_shared_with(&user).await? {
            let nearness = if self.joined.contains(&room) {
                Nearness::SharesRoom
            } else if nearest.is_none() && self.is_open(search, room).await? {
                Nearness::IsInOpenRoom
            } else {
                continue;
            };
            let NameInRoom { display_name, avatar_url } = search.name_in_room(event).await?;
            if !sought.is_in(&words_of(display_name.as_deref(), &user)) {
                continue;
            }
            let found = FoundUser { user: user.clone(), display_name, avatar_url };
            if nearness == Nearness::SharesRoom {
                return Ok(Some((nearness, found)));
            }
            nearest = Some((nearness, found));
        }
        Ok(nearest)
    }

    async fn nearness(
        &mut self,
        search: &Search,
        candidate: &UserId,
    ) -> Result<Option<Nearness>, SearchError> {
        let is_self = candidate == self.asker;
        let everybody = search.parts.settings.all_users_found;
        if is_self && everybody {
            return Ok(None);
        }
        let memberships = search.parts.rooms.rooms_of_user(candidate).await?;
        let mut nearness = everybody.then_some(Nearness::IsHere);
        for (room, member) in memberships.iter() {
            if member.membership != Membership::Join {
                continue;
            }
            if !is_self && self.joined.contains(room) {
                return Ok(Some(Nearness::SharesRoom));
            }
            if nearness != Some(Nearness::IsInOpenRoom) && self.is_open(search, *room).await? {
                nearness = Some(Nearness::IsInOpenRoom);
            }
        }
        Ok(nearness)
    }

    async fn is_open(&mut self, search: &Search, room: RoomNum) -> Result<bool, SearchError> {
        if let Some(known) = self.open.get(&room) {
            return Ok(*known);
        }
        let is_open = search.parts.store.exists(&OPEN_ROOM, &room).await?;
        self.open.insert(room, is_open);
        Ok(is_open)
    }
}

/// Above every word that begins with `begin`.
pub(super) fn after(begin: &str) -> String {
    format!("{begin}\u{10ffff}")
}
