//! People, departments and tags as apps see them: within their scope, and since 2022 without addresses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::apps::App;
use crate::state::people::{Person, ROOT, folded};

const LIST_MAX: u64 = 10_000;
const BATCH_MAX: usize = 1_000;
const DAY_MS: u64 = 86_400_000;

fn app<'a>(state: &'a State, call: &Call) -> Result<&'a App, Refusal> {
    state.apps.get(&call.agent).ok_or_else(|| Refusal::new(40_014))
}

/// The department that is asked for, which the app must see; the root when none is named.
fn asked_department(state: &State, call: &Call, name: &str) -> Result<u64, Refusal> {
    let id = if call.query(name).is_empty() { Some(ROOT) } else { call.query_number(name) };
    let id = id.ok_or_else(|| Refusal::new(60_123))?;
    if !state.departments.contains_key(&id) {
        return Err(Refusal::new(60_003));
    }
    let app = app(state, call)?;
    // The root is where everybody begins, whatever they see below it.
    if id == ROOT || state.sees_department(app, id) { Ok(id) } else { Err(Refusal::new(60_011)) }
}

fn seen_departments(state: &State, call: &Call) -> Result<Vec<u64>, Refusal> {
    let above = asked_department(state, call, "id")?;
    let app = app(state, call)?;
    let seen =
        state.departments.keys().filter(|id| state.is_below(**id, above) && state.sees_department(app, **id));
    Ok(seen.copied().collect())
}

pub(super) fn department_ids(state: &mut State, call: &Call) -> Outcome {
    let seen = seen_departments(state, call)?;
    let one = |id: &u64| json!({ "id": id, "parentid": state.departments.get(id).map(|one| one.parent), "order": id });
    Ok(json!({ "department_id": seen.iter().map(one).collect::<Vec<_>>() }).into())
}

fn whole_department(state: &State, id: u64) -> Value {
    let department = state.departments.get(&id);
    json!({
        "id": id, "name": department.map(|one| &one.name), "name_en": "", "department_leader": [],
        "parentid": department.map(|one| one.parent), "order": id,
    })
}

pub(super) fn departments(state: &mut State, call: &Call) -> Outcome {
    let seen = seen_departments(state, call)?;
    Ok(json!({ "department": seen.iter().map(|id| whole_department(state, *id)).collect::<Vec<_>>() }).into())
}

pub(super) fn department(state: &mut State, call: &Call) -> Outcome {
    let id = asked_department(state, call, "id")?;
    Ok(json!({ "department": whole_department(state, id) }).into())
}

fn whole_user(app: &App, person: &Person) -> Value {
    let departments = &person.departments;
    let mut user = json!({
        "userid": person.user_id, "name": person.name, "department": departments,
        "order": vec![0; departments.len()], "is_leader_in_dept": vec![0; departments.len()],
        "main_department": departments.first(), "direct_leader": [], "position": person.position, "alias": "",
        "telephone": "", "open_userid": person.open_userid, "status": person.status(),
        "extattr": { "attrs": [] }, "external_position": "",
    });
    if app.before_2022 {
        user["mobile"] = person.mobile.clone().into();
        user["email"] = person.email.clone().into();
        user["biz_mail"] = person.email.clone().into();
        user["gender"] = "1".into();
        for empty in ["avatar", "thumb_avatar", "qr_code", "address"] {
            user[empty] = "".into();
        }
    }
    user
}

/// The direct members of a department that the app sees.
fn members(state: &mut State, call: &Call) -> Result<Vec<Person>, Refusal> {
    let department =
        asked_department(state, call, "department_id").map_err(|refusal| refusal.with_empty("userlist"))?;
    let app = app(state, call)?;
    let own = state.people.values().filter(|person| person.departments.contains(&department));
    let mut members: Vec<Person> = own.filter(|person| state.sees(app, &person.user_id)).cloned().collect();
    if state.stage.faults.strikes(Fault::ContactsPageShort) {
        members.pop();
    }
    Ok(members)
}

pub(super) fn user_names(state: &mut State, call: &Call) -> Outcome {
    let one = |person: &Person| {
        json!({
            "userid": person.user_id, "name": person.name, "department": person.departments,
            "open_userid": person.open_userid,
        })
    };
    Ok(json!({ "userlist": members(state, call)?.iter().map(one).collect::<Vec<_>>() }).into())
}

pub(super) fn users(state: &mut State, call: &Call) -> Outcome {
    let members = members(state, call)?;
    let app = app(state, call)?;
    if app.contact_sync {
        return Err(Refusal::new(48_009));
    }
    Ok(json!({ "userlist": members.iter().map(|person| whole_user(app, person)).collect::<Vec<_>>() }).into())
}

pub(super) fn user(state: &mut State, call: &Call) -> Outcome {
    let refused = |code: i64| Refusal::new(code).with_empty("department");
    let app = app(state, call)?;
    if app.contact_sync {
        return Err(refused(48_009));
    }
    let id = call.query("userid");
    if id.is_empty() {
        return Err(refused(41_009));
    }
    let person = state.people.get(&folded(id)).ok_or_else(|| refused(60_111))?;
    if !state.sees(app, id) {
        return Err(refused(60_011));
    }
    Ok(whole_user(app, person).into())
}

/// All memberships, page by page; the cursor is the id before which a page begins.
pub(super) fn user_ids(state: &mut State, call: &Call) -> Outcome {
    let limit = call.number("limit").unwrap_or(LIST_MAX).clamp(1, LIST_MAX);
    let from = call.text("cursor").to_owned();
    let mut rows = Vec::new();
    let mut next_cursor = String::new();
    for (id, person) in state.people.range(from..) {
        if rows.len() as u64 >= limit {
            next_cursor.clone_from(id);
            break;
        }
        rows.extend(
            person
                .departments
                .iter()
                .map(|department| json!({ "userid": person.user_id, "department": department })),
        );
    }
    if state.stage.faults.strikes(Fault::ContactsPageShort) {
        rows.pop();
    }
    Ok(json!({ "next_cursor": next_cursor, "dept_user": rows }).into())
}

fn found(state: &State, call: &Call, fits: impl Fn(&Person) -> bool) -> Outcome {
    let app = app(state, call)?;
    let person = state.people.values().find(|person| fits(person) && state.sees(app, &person.user_id));
    let person = person.ok_or_else(|| Refusal::new(46_004))?;
    Ok(json!({ "userid": person.user_id }).into())
}

/// Whoever asks for too many numbers that are nobody's is refused for a day: more than a fifth of as many as there are members.
pub(super) fn by_mobile(state: &mut State, call: &Call) -> Outcome {
    let mobile = call.needed("mobile", 40_063)?;
    let answer = found(state, call, |person| person.mobile == mobile);
    let most = u32::try_from(state.people.len() / 5).unwrap_or(u32::MAX).max(1);
    let corp_id = state.corp_id.clone();
    if answer.is_err() && state.stage.count(&corp_id, "numbers of nobody", &[(DAY_MS, most)]).is_err() {
        let until_ms = state.now_ms() + DAY_MS;
        state.blocked.insert((call.agent, "/cgi-bin/user/getuserid"), until_ms);
    }
    answer
}

pub(super) fn by_email(state: &mut State, call: &Call) -> Outcome {
    let email = call.needed("email", 40_063)?.to_lowercase();
    found(state, call, |person| person.email.to_lowercase() == email)
}

pub(super) fn to_open(state: &mut State, call: &Call) -> Outcome {
    let ids = call.texts("userid_list");
    if ids.len() > BATCH_MAX {
        return Err(Refusal::new(40_032));
    }
    let app = app(state, call)?;
    let (known, wrong): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| state.sees(app, id));
    let one = |id: &String| {
        let open = state.people.get(&folded(id)).map(|person| &person.open_userid);
        json!({ "userid": id, "open_userid": open })
    };
    Ok(json!({
        "open_userid_list": known.iter().map(one).collect::<Vec<_>>(), "invalid_userid_list": wrong,
    })
    .into())
}

pub(super) fn from_open(state: &mut State, call: &Call) -> Outcome {
    let ids = call.texts("open_userid_list");
    if ids.len() > BATCH_MAX {
        return Err(Refusal::new(40_032));
    }
    let app = app(state, call)?;
    let (mut known, mut wrong) = (Vec::new(), Vec::new());
    for id in ids {
        let person = state.people.values().find(|person| person.open_userid == id);
        match person.filter(|person| state.sees(app, &person.user_id)) {
            Some(person) => known.push(json!({ "open_userid": id, "userid": person.user_id })),
            // Plain ids come back here as well.
            None => wrong.push(id),
        }
    }
    Ok(json!({ "userid_list": known, "invalid_open_userid_list": wrong }).into())
}

pub(super) fn tags(state: &mut State, _: &Call) -> Outcome {
    let one = |(id, tag): (&u64, &crate::state::people::Tag)| json!({ "tagid": id, "tagname": tag.name });
    Ok(json!({ "taglist": state.tags.iter().map(one).collect::<Vec<_>>() }).into())
}

pub(super) fn tag(state: &mut State, call: &Call) -> Outcome {
    let tag = call.query_number("tagid").and_then(|id| state.tags.get(&id));
    let tag = tag.ok_or_else(|| Refusal {
        code: 40_068,
        message: "invalid tagid".to_owned(),
        empty: vec!["userlist"],
    })?;
    let app = app(state, call)?;
    let seen: BTreeSet<&String> = tag.people.iter().filter(|person| state.sees(app, person)).collect();
    let one =
        |id: &&String| state.people.get(*id).map(|one| json!({ "userid": one.user_id, "name": one.name }));
    let users: Vec<Value> = seen.iter().filter_map(one).collect();
    Ok(json!({ "tagname": tag.name, "userlist": users, "partylist": [] }).into())
}
