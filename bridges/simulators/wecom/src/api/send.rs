//! Messages of apps to people: who gets them, who cannot, and what is swallowed without a word.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::content::{self, Channel};
use super::{Call, Outcome, card};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::media::MediaOwner;
use crate::state::messages::{Author, Draft};
use crate::state::people::folded;
use crate::state::{Receiver, State};

const PEOPLE_MAX: usize = 1_000;
const PARTIES_MAX: usize = 100;
const TAGS_MAX: usize = 100;
const DUPLICATE_S: u64 = 1_800;
const DUPLICATE_S_MAX: u64 = 14_400;

/// Who gets a message, and the ids that are wrong, as the platform writes them.
struct Receivers {
    people: BTreeSet<String>,
    wrong_people: Vec<String>,
    wrong_parties: Vec<String>,
    wrong_tags: Vec<String>,
}

fn ids(body: &Value, name: &str) -> Vec<String> {
    let joined = super::reading::text(body, name);
    joined.split('|').filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

/// The agent that a body names, which must be the one behind the token.
pub(super) fn own_agent(call: &Call) -> Result<u64, Refusal> {
    let agent = call.number("agentid").ok_or_else(|| Refusal::new(41_011))?;
    if agent == call.agent { Ok(agent) } else { Err(Refusal::new(301_002)) }
}

pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    let agent = own_agent(call)?;
    let receivers = receivers(state, agent, &call.body)?;
    let has_callback = state.apps.get(&agent).is_some_and(|app| app.callback.is_some());
    if call.text("msgtype") == "template_card" && !has_callback {
        return Err(Refusal::new(40_057));
    }
    let draft = content::read(state, Channel::App, &MediaOwner::Corp, &call.body)?;
    if receivers.people.is_empty() {
        return Err(Refusal::new(81_013));
    }
    let msgid = state.stage.chance.id("", 64);
    let dropped = state.stage.faults.strikes(Fault::SendSilentDrop);
    let mut said = Vec::new();
    for person in receivers.people.iter().filter(|_| !dropped) {
        if is_swallowed(state, agent, person, call) {
            continue;
        }
        let chat = state.direct_chat(person, &Receiver::App(agent))?;
        let draft = Draft { chat, msgid: Some(msgid.clone()), ..draft.clone() };
        said.push(state.say(Author::App(agent), draft)?);
    }
    let mut fields = json!({
        "msgid": msgid, "invaliduser": receivers.wrong_people.join("|"),
        "invalidparty": receivers.wrong_parties.join("|"), "invalidtag": receivers.wrong_tags.join("|"),
    });
    if draft.card.is_some() && card::has_response_code(&draft.content) {
        fields["response_code"] = state.response_code(agent, said).into();
    }
    Ok(fields.into())
}

/// What is too much for a member, or said a moment ago, is dropped although the answer says that it was sent.
fn is_swallowed(state: &mut State, agent: u64, person: &str, call: &Call) -> bool {
    let who = format!("{agent}:{person}");
    let settings = &state.settings;
    let bounds = [(60_000, settings.member_per_minute), (3_600_000, settings.member_per_hour)];
    if call.number("enable_duplicate_check") == Some(1) {
        let within_s = call.number("duplicate_check_interval").unwrap_or(DUPLICATE_S).min(DUPLICATE_S_MAX);
        let words = call.body.get(call.text("msgtype")).map(Value::to_string).unwrap_or_default();
        if state.stage.count(&who, &words, &[(within_s * 1_000, 1)]).is_err() {
            return true;
        }
    }
    state.stage.count(&who, "message/send", &bounds).is_err()
}

fn receivers(state: &mut State, agent: u64, body: &Value) -> Result<Receivers, Refusal> {
    let (people, parties, tags) = (ids(body, "touser"), ids(body, "toparty"), ids(body, "totag"));
    let bounds = [
        (people.len(), PEOPLE_MAX, 40_032),
        (parties.len(), PARTIES_MAX, 82_002),
        (tags.len(), TAGS_MAX, 82_003),
    ];
    if let Some((.., code)) = bounds.into_iter().find(|(count, most, _)| count > most) {
        return Err(Refusal::new(code));
    }
    if people.is_empty() && parties.is_empty() && tags.is_empty() {
        return Err(Refusal::new(82_001));
    }
    let first_invalid = state.stage.faults.strikes(Fault::SendInvalid);
    let app = state.apps.get(&agent).ok_or_else(|| Refusal::new(40_056))?;
    let seen = |person: &str| state.sees(app, person);
    let mut receivers = Receivers {
        people: BTreeSet::new(),
        wrong_people: Vec::new(),
        wrong_parties: Vec::new(),
        wrong_tags: Vec::new(),
    };
    if people.iter().any(|person| person == "@all") {
        receivers.people = state.people.keys().filter(|person| seen(person)).cloned().collect();
        return Ok(receivers);
    }
    for (place, person) in people.iter().enumerate() {
        if seen(person) && !(first_invalid && place == 0) {
            receivers.people.insert(folded(person));
        } else {
            receivers.wrong_people.push(folded(person));
        }
    }
    for party in parties {
        let id = party.parse().ok().filter(|id| state.sees_department(app, *id));
        match id {
            Some(id) => receivers.people.extend(
                state
                    .people
                    .iter()
                    .filter(|(_, person)| person.departments.iter().any(|own| state.is_below(*own, id)))
                    .map(|(person, _)| person.clone()),
            ),
            None => receivers.wrong_parties.push(party),
        }
    }
    for tag in tags {
        match tag.parse().ok().and_then(|id: u64| state.tags.get(&id)) {
            Some(tag) => receivers.people.extend(tag.people.iter().filter(|person| seen(person)).cloned()),
            None => receivers.wrong_tags.push(tag),
        }
    }
    Ok(receivers)
}
