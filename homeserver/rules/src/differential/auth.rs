//! The authorisation rules, read off the pages of the room versions, rule by rule and in their order.
//! <https://spec.matrix.org/v1.19/rooms/>
//!
//! Signatures are not looked at, so invites by a third party have no oracle here.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::event::{Event, Key, domain};

type Verdict = Result<(), &'static str>;

/// Above every number: creators from version 12 on.
pub(crate) const INFINITE: i64 = i64::MAX;

const FIELDS: [&str; 7] =
    ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"];

/// The state that an event must name, as far as the room has it.
pub(crate) fn selection(version: u32, event: &Event) -> BTreeSet<Key> {
    let key = |kind: &str, state_key: &str| (kind.to_owned(), state_key.to_owned());
    let mut keys = BTreeSet::new();
    if event.kind() == "m.room.create" {
        return keys;
    }
    if version < 12 {
        keys.insert(key("m.room.create", ""));
    }
    keys.insert(key("m.room.power_levels", ""));
    keys.insert(key("m.room.member", event.sender()));
    if event.kind() == "m.room.member" {
        let membership = event.content()["membership"].as_str().unwrap_or_default();
        keys.insert(key("m.room.member", event.state_key().unwrap_or_default()));
        if ["join", "invite", "knock"].contains(&membership) {
            keys.insert(key("m.room.join_rules", ""));
        }
        if let Some(user) = event.content()["join_authorised_via_users_server"].as_str()
            && version >= 8
            && membership == "join"
        {
            keys.insert(key("m.room.member", user));
        }
    }
    keys
}

/// What an event names as its authority: the rules on `create` and `auth_events`.
pub(crate) fn names_its_authority(version: u32, event: &Event, named: &[&Event]) -> Verdict {
    if event.kind() == "m.room.create" {
        return is_first(version, event);
    }
    if event.kind() == "m.room.member" && !event.content()["membership"].is_string() {
        // Refused in any case by the rule on memberships; what such an event is to name nobody can say.
        return Err("no membership");
    }
    let wanted = selection(version, event);
    let mut seen = BTreeSet::new();
    for authority in named {
        if authority.state_key().is_none() {
            return Err("an authority is no state");
        }
        if !seen.insert(authority.key()) {
            return Err("an authority is named twice");
        }
        if !wanted.contains(&authority.key()) {
            return Err("an authority is foreign to the selection");
        }
    }
    if version < 12 && !seen.contains(&("m.room.create".to_owned(), String::new())) {
        return Err("no create event among the authorities");
    }
    Ok(())
}

fn is_first(version: u32, create: &Event) -> Verdict {
    if !create.prev_events().is_empty() {
        return Err("a create event has parents");
    }
    let room = &create.json["room_id"];
    match room.as_str() {
        Some(_) if version >= 12 => return Err("a create event names a room"),
        Some(room) if domain(room) != domain(create.sender()) => return Err("the room is of another server"),
        _ => {}
    }
    if version <= 10 && create.content().get("creator").is_none() {
        return Err("no creator");
    }
    Ok(())
}

/// The state that judges, with the numbers in it.
struct Judge<'a, 's> {
    version: u32,
    state: &'s (dyn Fn(&str, &str) -> Option<&'a Event> + 's),
    create: &'a Event,
}

/// Whether a room in this state lets the event happen.
pub(crate) fn allows<'a>(
    version: u32,
    event: &Event,
    state: &(dyn Fn(&str, &str) -> Option<&'a Event> + '_),
) -> Verdict {
    if event.kind() == "m.room.create" {
        return Ok(());
    }
    let create = state("m.room.create", "").ok_or("no create event")?;
    let judge = Judge { version, state, create };
    let is_federated = create.content()["m.federate"] != false;
    if !is_federated && domain(event.sender()) != domain(create.sender()) {
        return Err("the room is not federated");
    }
    if version <= 5 && event.kind() == "m.room.aliases" {
        let own = event.state_key().is_some() && event.state_key() == domain(event.sender());
        return allow_if(own, "aliases of another server");
    }
    if event.kind() == "m.room.member" {
        return judge.member(event);
    }
    if judge.membership(event.sender()) != "join" {
        return Err("the sender is not in the room");
    }
    if event.kind() == "m.room.third_party_invite" {
        return allow_if(judge.level(event.sender()) >= judge.needed("invite"), "may not invite");
    }
    if judge.needed_to_send(event) > judge.level(event.sender()) {
        return Err("the type needs a higher level");
    }
    if event.state_key().is_some_and(|key| key.starts_with('@') && key != event.sender()) {
        return Err("the state key is another user");
    }
    if event.kind() == "m.room.power_levels" {
        return judge.power_levels(event);
    }
    if version <= 2 && event.kind() == "m.room.redaction" {
        let may = judge.level(event.sender()) >= judge.needed("redact")
            || event.json["redacts"].as_str().is_some_and(|target| domain(target) == domain(&event.id));
        return allow_if(may, "may not redact");
    }
    Ok(())
}

fn allow_if(allowed: bool, otherwise: &'static str) -> Verdict {
    if allowed { Ok(()) } else { Err(otherwise) }
}

impl<'a> Judge<'a, '_> {
    fn membership(&self, user: &str) -> &'a str {
        let event = (self.state)("m.room.member", user);
        event.and_then(|event| event.content()["membership"].as_str()).unwrap_or("leave")
    }

    fn levels(&self) -> Option<&'a Value> {
        (self.state)("m.room.power_levels", "").map(Event::content)
    }

    fn number(&self, value: &Value) -> Option<i64> {
        integer(self.version, value)
    }

    /// What an action needs, or what `users_default` and the like say.
    fn needed(&self, field: &str) -> i64 {
        let said = self.levels().and_then(|levels| self.number(&levels[field]));
        said.unwrap_or_else(|| default_of(field))
    }

    fn level(&self, user: &str) -> i64 {
        let creators = creators(self.version, self.create);
        if self.version >= 12 && creators.contains(user) {
            return INFINITE;
        }
        match self.levels() {
            Some(levels) => {
                self.number(&levels["users"][user]).unwrap_or_else(|| self.needed("users_default"))
            }
            None if creators.contains(user) => 100,
            None => 0,
        }
    }

    fn needed_to_send(&self, event: &Event) -> i64 {
        let default = if event.state_key().is_some() { "state_default" } else { "events_default" };
        let said = self.levels().and_then(|levels| self.number(&levels["events"][event.kind()]));
        said.unwrap_or_else(|| self.needed(default))
    }

    /// The text says nothing of rooms without join rules; other servers take them for rooms by invitation.
    fn join_rule(&self) -> Option<&'a str> {
        let event = (self.state)("m.room.join_rules", "");
        event.map_or(Some("invite"), |event| event.content()["join_rule"].as_str())
    }

    fn member(&self, event: &Event) -> Verdict {
        let (Some(target), Some(membership)) = (event.state_key(), event.content()["membership"].as_str())
        else {
            return Err("no target or no membership");
        };
        let (sender, before) = (event.sender(), self.membership(target));
        match membership {
            "join" => self.join(event, target),
            "invite" => {
                if self.membership(sender) != "join" {
                    return Err("the inviter is not in the room");
                }
                if ["join", "ban"].contains(&before) {
                    return Err("the invited one is in the room or banned");
                }
                allow_if(self.level(sender) >= self.needed("invite"), "may not invite")
            }
            "leave" if sender == target => {
                let may = ["invite", "join"].contains(&before) || (self.version >= 7 && before == "knock");
                allow_if(may, "is not there to leave")
            }
            "leave" => {
                if self.membership(sender) != "join" {
                    return Err("the kicker is not in the room");
                }
                if before == "ban" && self.level(sender) < self.needed("ban") {
                    return Err("may not lift a ban");
                }
                let may =
                    self.level(sender) >= self.needed("kick") && self.level(target) < self.level(sender);
                allow_if(may, "may not kick")
            }
            "ban" => {
                if self.membership(sender) != "join" {
                    return Err("the banner is not in the room");
                }
                let may = self.level(sender) >= self.needed("ban") && self.level(target) < self.level(sender);
                allow_if(may, "may not ban")
            }
            "knock" if self.version >= 7 => {
                let rule = self.join_rule();
                if rule != Some("knock") && !(self.version >= 10 && rule == Some("knock_restricted")) {
                    return Err("nobody may knock");
                }
                if sender != target {
                    return Err("knocks for somebody else");
                }
                allow_if(!["ban", "invite", "join"].contains(&before), "may not knock")
            }
            _ => Err("unknown membership"),
        }
    }

    fn join(&self, event: &Event, target: &str) -> Verdict {
        let creator = if self.version <= 10 {
            self.create.content()["creator"].as_str().unwrap_or_default()
        } else {
            self.create.sender()
        };
        if event.prev_events() == [self.create.id.as_str()] && target == creator {
            return Ok(());
        }
        if event.sender() != target {
            return Err("joins for somebody else");
        }
        let before = self.membership(target);
        if before == "ban" {
            return Err("banned");
        }
        let is_known = ["invite", "join"].contains(&before);
        match self.join_rule() {
            Some("invite") if is_known => Ok(()),
            Some("knock") if self.version >= 7 && is_known => Ok(()),
            Some(rule)
                if (self.version >= 8 && rule == "restricted")
                    || (self.version >= 10 && rule == "knock_restricted") =>
            {
                if is_known {
                    return Ok(());
                }
                let helper = event.content()["join_authorised_via_users_server"].as_str();
                let helper = helper.ok_or("nobody helped")?;
                let may = self.membership(helper) == "join" && self.level(helper) >= self.needed("invite");
                allow_if(may, "the helper may not invite")
            }
            Some("public") => Ok(()),
            _ => Err("the door is closed"),
        }
    }

    fn power_levels(&self, event: &Event) -> Verdict {
        let new = event.content();
        if self.version >= 10 {
            for field in FIELDS {
                if new.get(field).is_some_and(|value| self.number(value).is_none()) {
                    return Err("a level is no integer");
                }
            }
            for field in ["events", "notifications"] {
                if new.get(field).is_some_and(|value| !self.is_map_of_numbers(value)) {
                    return Err("a list of levels is none");
                }
            }
        }
        if let Some(users) = new.get("users") {
            let names_users = |users: &Map<String, Value>| users.keys().all(|user| is_user_id(user));
            if !self.is_map_of_numbers(users) || !users.as_object().is_some_and(names_users) {
                return Err("the list of users is none");
            }
            if self.version >= 12
                && creators(self.version, self.create).iter().any(|user| users.get(user).is_some())
            {
                return Err("creators have no level");
            }
        }
        let Some(old) = self.levels() else { return Ok(()) };
        let own = self.level(event.sender());
        for field in FIELDS {
            let (before, after) = (self.number(&old[field]), self.number(&new[field]));
            // What is not said is the default, here as everywhere.
            let highest = [before, after].map(|level| level.unwrap_or_else(|| default_of(field)));
            if before != after && highest.iter().any(|level| *level > own) {
                return Err("a level is above the sender");
            }
        }
        let lists: &[&str] =
            if self.version >= 6 { &["events", "notifications", "users"] } else { &["events", "users"] };
        for list in lists {
            for name in names_in(&old[list]).union(&names_in(&new[list])) {
                let (before, after) = (self.number(&old[list][name]), self.number(&new[list][name]));
                if before == after {
                    continue;
                }
                let is_rank_of_other = *list == "users" && name != event.sender();
                let keeps_it = match before {
                    Some(before) if is_rank_of_other => before >= own,
                    Some(before) if *list != "users" => before > own,
                    _ => false,
                };
                if keeps_it || after.is_some_and(|after| after > own) {
                    return Err("an entry is above the sender");
                }
            }
        }
        Ok(())
    }

    fn is_map_of_numbers(&self, value: &Value) -> bool {
        value.as_object().is_some_and(|map| map.values().all(|value| self.number(value).is_some()))
    }
}

fn default_of(field: &str) -> i64 {
    match field {
        "state_default" | "ban" | "redact" | "kick" => 50,
        _ => 0,
    }
}

fn names_in(list: &Value) -> BTreeSet<String> {
    list.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
}

fn is_user_id(text: &str) -> bool {
    text.starts_with('@') && domain(text).is_some_and(|domain| !domain.is_empty())
}

pub(crate) fn creators(version: u32, create: &Event) -> BTreeSet<String> {
    if version <= 10 {
        return create.content()["creator"].as_str().map(str::to_owned).into_iter().collect();
    }
    let mut creators = BTreeSet::from([create.sender().to_owned()]);
    if version >= 12 {
        let others = create.content()["additional_creators"].as_array().into_iter().flatten();
        creators.extend(others.filter_map(Value::as_str).map(str::to_owned));
    }
    creators
}

/// Before version 10 a string may hold an integer: white space around it, a sign, leading zeroes.
pub(crate) fn integer(version: u32, value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if version <= 9 => text.trim().parse().ok(),
        _ => None,
    }
}
