//! What becomes of messages that were sent: taken back, or their cards changed once.

use serde_json::{Value, json};

use super::reading::text;
use super::send::own_agent;
use super::{Call, Outcome, card};
use crate::refusal::Refusal;
use crate::state::cards::CardChange;
use crate::state::people::folded;
use crate::state::{Receiver, State};

pub(super) fn recall(state: &mut State, call: &Call) -> Outcome {
    let msgid = call.text("msgid").to_owned();
    state.recall_sent(call.agent, &msgid)?;
    Ok(json!({}).into())
}

pub(super) fn update_card(state: &mut State, call: &Call) -> Outcome {
    let agent = own_agent(call)?;
    let change = match (call.body.get("button"), call.body.get("template_card")) {
        (Some(button), _) => CardChange::Replaced(text(button, "replace_name").to_owned()),
        (None, Some(body)) => {
            card::check(body, false, false)?;
            CardChange::Card(body.clone())
        }
        (None, None) => return Err(Refusal::new(40_063)),
    };
    let code = call.needed("response_code", 40_063)?.to_owned();
    let messages = state.redeem(agent, &code)?;
    let (people, wrong) = named(state, agent, call);
    for message in messages {
        let chat = state.messages.get(&message).map(|message| message.draft.chat.clone()).unwrap_or_default();
        let direct = state.chats.get(&chat).and_then(|chat| chat.direct.clone());
        // Each person has the card in a chat of their own.
        let meant = match (&people, direct) {
            (Some(people), Some((person, Receiver::App(_)))) => people.contains(&person),
            _ => true,
        };
        if meant {
            state.change_card(&message, None, &change);
        }
    }
    Ok(json!({ "invaliduser": wrong }).into())
}

/// The people for whom a card is changed, everybody when nobody is named, and the ids that are wrong.
fn named(state: &State, agent: u64, call: &Call) -> (Option<Vec<String>>, Vec<String>) {
    let users = call.texts("userids");
    let numbers = |name: &str| -> Vec<u64> {
        let list = call.body.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_u64).collect()
    };
    let (parties, tags) = (numbers("partyids"), numbers("tagids"));
    let nobody = users.is_empty() && parties.is_empty() && tags.is_empty();
    if nobody || call.number("atall") == Some(1) {
        return (None, Vec::new());
    }
    let Some(app) = state.apps.get(&agent) else { return (None, users) };
    let (right, wrong): (Vec<String>, Vec<String>) =
        users.iter().map(|user| folded(user)).partition(|user| state.sees(app, user));
    let mut people = right;
    for (id, person) in &state.people {
        let in_party =
            person.departments.iter().any(|own| parties.iter().any(|party| state.is_below(*own, *party)));
        let tagged = tags.iter().filter_map(|tag| state.tags.get(tag)).any(|tag| tag.people.contains(id));
        if in_party || tagged {
            people.push(id.clone());
        }
    }
    (Some(people), wrong)
}
