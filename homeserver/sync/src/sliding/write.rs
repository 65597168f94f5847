//! Writes rooms and lists of an answer, in the words of each dialect.

use rooms::token;

use super::{
    payload::{Payload, Timeline},
    request::Dialect,
    scope::Scope,
};
use crate::json::JsonWriter;

/// Writes `lists`, unless there are none.
pub(crate) fn lists(json: &mut JsonWriter, scope: &Scope) {
    if scope.counts.is_empty() {
        return;
    }
    json.key("lists").object(|json| {
        for (name, count) in &scope.counts {
            json.key(name).object(|json| json.key("count").number(*count));
        }
    });
}

/// Writes `"<room id>":{…}`.
pub(crate) fn room(json: &mut JsonWriter, dialect: Dialect, scope: &Scope, payload: &Payload) {
    json.key(payload.room_id.as_str()).object(|json| {
        flag(json, "initial", payload.initial);
        match dialect {
            Dialect::Unstable => {
                flag(json, "unstable_expanded_timeline", payload.expanded);
                if let Some(Some(name)) = &payload.name {
                    json.key("name").string(name);
                }
            }
            Dialect::Stable => {
                flag(json, "expanded_timeline", payload.expanded);
                json.key("membership").string(payload.membership.as_str());
                names_of_lists(json, scope, payload.lists);
                change(json, "name", payload.name.as_ref(), payload.initial);
            }
        }
        change(json, "avatar", payload.avatar.as_ref(), payload.initial);
        heroes(json, payload);
        // Absence in an initial part says that the room is none.
        if let Some(is_dm) = payload.is_dm.filter(|is_dm| *is_dm || !payload.initial) {
            json.key("is_dm").boolean(is_dm);
        }
        if let Some(stripped) = &payload.stripped {
            let key = match dialect {
                Dialect::Unstable => "invite_state",
                Dialect::Stable => "stripped_state",
            };
            json.key(key).array(|json| stripped.iter().for_each(|event| json.raw(event)));
        }
        state(json, dialect, payload);
        if let Some(timeline) = &payload.timeline {
            write_timeline(json, dialect, timeline);
        }
        if let Some(members) = payload.members {
            json.key("joined_count").number(members.joined);
            json.key("invited_count").number(members.invited);
        }
        if let (Dialect::Unstable, Some(unread)) = (dialect, payload.unread) {
            json.key("notification_count").number(unread.notifications);
            json.key("highlight_count").number(unread.highlights);
        }
        if let Some(bump_stamp) = payload.bump_stamp {
            json.key("bump_stamp").number(bump_stamp);
        }
    });
}

fn flag(json: &mut JsonWriter, key: &str, value: bool) {
    if value {
        json.key(key).boolean(true);
    }
}

/// `null` says that something was taken away, which needs no saying to a client that knows nothing yet.
fn change(json: &mut JsonWriter, key: &str, change: Option<&Option<String>>, initial: bool) {
    match change {
        Some(Some(value)) => json.key(key).string(value),
        Some(None) if !initial => json.key(key).raw(b"null"),
        Some(None) | None => {}
    }
}

fn names_of_lists(json: &mut JsonWriter, scope: &Scope, lists: u128) {
    if lists == 0 {
        return;
    }
    json.key("lists").array(|json| {
        let inside = scope.counts.iter().enumerate().filter(|(index, _)| lists >> index & 1 == 1);
        inside.for_each(|(_, (name, _))| json.string(name));
    });
}

fn heroes(json: &mut JsonWriter, payload: &Payload) {
    let Some(heroes) = &payload.heroes else { return };
    json.key("heroes").array(|json| {
        for hero in heroes {
            json.object(|json| {
                json.key("user_id").string(hero.user.as_str());
                if let Some(name) = &hero.displayname {
                    json.key("displayname").string(name);
                }
                if let Some(url) = &hero.avatar_url {
                    json.key("avatar_url").string(url);
                }
            });
        }
    });
}

/// Only the accepted form has words for state that is gone.
fn state(json: &mut JsonWriter, dialect: Dialect, payload: &Payload) {
    let removed = match dialect {
        Dialect::Unstable => &[][..],
        Dialect::Stable => &payload.removed_state,
    };
    if payload.state.is_empty() && removed.is_empty() {
        return;
    }
    json.key("required_state").array(|json| {
        payload.state.iter().for_each(|event| json.raw(event));
        for key in removed {
            json.object(|json| {
                json.key("type").string(&key.0);
                json.key("state_key").string(&key.1);
            });
        }
    });
}

fn write_timeline(json: &mut JsonWriter, dialect: Dialect, timeline: &Timeline) {
    let key = match dialect {
        Dialect::Unstable => "timeline",
        Dialect::Stable => "timeline_events",
    };
    json.key(key).array(|json| timeline.events.iter().for_each(|event| json.raw(event)));
    json.key("prev_batch").string(&token::encode(timeline.prev_batch));
    json.key("limited").boolean(timeline.limited);
    json.key("num_live").number(timeline.live);
}
