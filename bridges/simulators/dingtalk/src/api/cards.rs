//! Interactive cards: made, put into chats, changed, and written letter by letter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use super::robots::UNSAFE_LINK;
use crate::chance::opaque;
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::cards::{Card, variables};
use crate::state::messages::{Author, Draft};

/// What a piece of a streamed text may hold, in bytes.
const PIECE_BYTES_MAX: usize = 1_024 * 3;
/// Pieces of one card.
const PIECES_MAX: usize = 10_000;

fn checked(
    refused: Result<BTreeMap<String, String>, crate::state::cards::Wrong>,
) -> Result<BTreeMap<String, String>, Refusal> {
    refused.map_err(|_| Refusal::bad("param.invalid"))
}

fn out_track_id(call: &Call) -> Result<String, Refusal> {
    call.needed("outTrackId", "param.outTrackIdEmpty").map(str::to_owned)
}

/// Makes the card of a request; false when there is one of this id already, which stays as it is.
fn make(state: &mut State, call: &Call) -> Result<(String, bool), Refusal> {
    let template = call.needed("cardTemplateId", "param.cardTemplateIdEmpty")?;
    let id = out_track_id(call)?;
    match state.template_published(template) {
        None => return Err(Refusal::bad("param.templateNotExist")),
        Some(false) => return Err(Refusal::bad("param.templateUnpublished")),
        Some(true) => {}
    }
    let data = call.body.get("cardData").and_then(|data| data.get("cardParamMap"));
    let data = data.ok_or_else(|| Refusal::bad("param.cardPublicDataEmpty"))?;
    let public = checked(variables(data))?;
    if public.values().any(|value| value.contains(UNSAFE_LINK)) {
        return Err(Refusal::bad("param.contentUnsafe"));
    }
    let mut private = BTreeMap::new();
    for (person, data) in call.body.get("privateData").and_then(Value::as_object).into_iter().flatten() {
        let own = checked(variables(data.get("cardParamMap").unwrap_or(&Value::Null)))?;
        private.insert(person.clone(), own);
    }
    let route = match call.text("callbackType") {
        "STREAM" => None,
        "HTTP" => {
            let route = state.card_routes.get(call.text("callbackRouteKey")).cloned();
            Some(route.ok_or_else(|| Refusal::bad("param.invalid"))?)
        }
        // Without a callback's type its presses go nowhere else.
        "" => None,
        _ => return Err(Refusal::bad("param.invalid")),
    };
    if state.cards.contains_key(&id) {
        let refused = state.stage.faults.strikes(Fault::CardExists);
        return if refused { Err(Refusal::bad("param.cardAlreadyExist")) } else { Ok((id, false)) };
    }
    if state.cards.len() >= RECORDS_MAX {
        return Err(Refusal::new(500, "system.busy", "there are too many cards"));
    }
    let card = Card {
        app: call.app.clone(),
        template: template.to_owned(),
        variables: public,
        private,
        route,
        deliveries: Vec::new(),
        pieces: BTreeSet::new(),
    };
    state.cards.insert(id.clone(), card);
    Ok((id, true))
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let (id, _) = make(state, call)?;
    Ok(json!({ "success": true, "result": id }))
}

/// A space: its type, its id, and the parts of a request that must be there for it.
fn spaces(call: &Call) -> Result<Vec<(String, String)>, Refusal> {
    let ids = call.needed("openSpaceId", "param.openSpaceIdEmpty")?;
    ids.split(';')
        .map(|id| {
            let space = id.strip_prefix("dtv1.card//").and_then(|space| space.split_once('.'));
            let (kind, id) = space.ok_or_else(|| Refusal::bad("param.openSpaceIdInvalid"))?;
            let model = match kind {
                "IM_GROUP" => "imGroupOpenDeliverModel",
                "IM_ROBOT" => "imRobotOpenDeliverModel",
                _ => return Err(Refusal::bad("param.openSpaceIdInvalid")),
            };
            let model = call.body.get(model).ok_or_else(|| Refusal::bad("param.openDeliverModelEmpty"))?;
            let robot = model.get("robotCode").and_then(Value::as_str);
            // In a chat with the robot its code is the app's own when it is left out.
            let right = robot.map_or(kind == "IM_ROBOT", |robot| robot == call.app);
            if right {
                Ok((kind.to_owned(), id.to_owned()))
            } else {
                Err(Refusal::bad("param.openDeliverModelError"))
            }
        })
        .collect()
}

fn put(state: &mut State, call: &Call, card: &str) -> Outcome {
    let mut results = Vec::new();
    for (kind, id) in spaces(call)? {
        let chat = match kind.as_str() {
            "IM_GROUP" => state
                .live_chat(&id)
                .filter(|chat| chat.robots.contains(&call.app))
                .map(|chat| chat.id.clone())
                .ok_or("the robot is not in the group"),
            _ if state.people.get(&id).is_some_and(|person| person.is_listed()) => {
                Ok(state.direct_chat(&id, &call.app)?)
            }
            _ => Err("param.userIdNotExist"),
        };
        let struck = results.is_empty() && state.stage.faults.strikes(Fault::CardSpaceFailed);
        let outcome = if struck { Err("system.busy") } else { chat };
        results.push(match outcome {
            Ok(chat) => {
                let carrier = opaque(&mut state.stage.chance, "");
                let draft = Draft {
                    chat,
                    kind: "card".to_owned(),
                    content: json!({ "outTrackId": card }),
                    at: call.texts("cardAtUserIds"),
                    query_key: Some(carrier.clone()),
                    card: Some(card.to_owned()),
                    ..Draft::default()
                };
                state.say(Author::Robot(call.app.clone()), draft)?;
                json!({ "spaceType": kind, "spaceId": id, "success": true, "carrierId": carrier, "errorMsg": "" })
            }
            Err(reason) => {
                json!({ "spaceType": kind, "spaceId": id, "success": false, "errorMsg": reason })
            }
        });
    }
    if let Some(card) = state.cards.get_mut(card) {
        card.deliveries.clone_from(&results);
    }
    Ok(results.into())
}

pub(super) fn deliver(state: &mut State, call: &Call) -> Outcome {
    let id = out_track_id(call)?;
    own(state, call, &id)?;
    Ok(json!({ "success": true, "result": put(state, call, &id)? }))
}

pub(super) fn create_and_deliver(state: &mut State, call: &Call) -> Outcome {
    spaces(call)?;
    let (id, made) = make(state, call)?;
    // An id that is used again makes no new card.
    let results = match state.cards.get(&id).map(|card| card.deliveries.clone()) {
        Some(results) if !made && !results.is_empty() => Value::Array(results),
        _ => put(state, call, &id)?,
    };
    Ok(json!({ "success": true, "result": { "outTrackId": id, "deliverResults": results } }))
}

/// The card of a request, if the app made it.
fn own<'a>(state: &'a mut State, call: &Call, id: &str) -> Result<&'a mut Card, Refusal> {
    let card = state.cards.get_mut(id).filter(|card| card.app == call.app);
    card.ok_or_else(|| Refusal::bad("param.cardNotExist"))
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let id = out_track_id(call)?;
    if call.body.get("cardData").is_none() && call.body.get("privateData").is_none() {
        return Err(Refusal::bad("param.cardDataAndPrivateDataBothEmpty"));
    }
    if call.body.to_string().contains(UNSAFE_LINK) {
        return Err(Refusal::bad("param.contentUnsafe"));
    }
    let option = |name: &str| {
        let options = call.body.get("cardUpdateOptions");
        options.and_then(|options| options.get(name)) == Some(&true.into())
    };
    let card = own(state, call, &id)?;
    let mut changed = card.clone();
    let taken = changed.take(&call.body, option("updateCardDataByKey"), option("updatePrivateDataByKey"));
    taken.map_err(|_| Refusal::bad("param.invalid"))?;
    *card = changed;
    Ok(json!({ "success": true, "result": true }))
}

pub(super) fn stream(state: &mut State, call: &Call) -> Outcome {
    let id = out_track_id(call)?;
    let key = call.needed("key", "param.stream.keyEmpty")?;
    let guid = call.needed("guid", "param.stream.guidEmpty")?;
    let content = call.needed("content", "param.stream.contentEmpty")?;
    if content.len() > PIECE_BYTES_MAX {
        return Err(Refusal::bad("param.stream.content is too large"));
    }
    let full = call.body.get("isFull") == Some(&true.into());
    if content.contains(UNSAFE_LINK) {
        return Err(Refusal::bad("param.contentUnsafe"));
    }
    let card = own(state, call, &id)?;
    // A piece that comes again is taken once.
    if card.pieces.len() >= PIECES_MAX || !card.pieces.insert(guid.to_owned()) {
        return Ok(json!({ "success": true, "result": true }));
    }
    let text = card.variables.entry(key.to_owned()).or_default();
    if full {
        text.clear();
    }
    text.push_str(content);
    Ok(json!({ "success": true, "result": true }))
}

pub(super) fn register_callback(state: &mut State, call: &Call) -> Outcome {
    let key = call.needed("callbackRouteKey", "param.empty")?.to_owned();
    let url = call.needed("callbackUrl", "param.empty")?.to_owned();
    let taken = state.card_routes.contains_key(&key) || state.card_routes.len() >= RECORDS_MAX;
    if taken && call.body.get("forceUpdate") != Some(&true.into()) {
        return Err(Refusal::bad("param.invalid"));
    }
    let given = Some(call.text("apiSecret")).filter(|secret| !secret.is_empty()).map(str::to_owned);
    let secret = given.unwrap_or_else(|| state.stage.chance.id("", 32));
    state.card_routes.insert(key, (url.clone(), secret.clone()));
    Ok(json!({ "success": true, "result": { "callbackUrl": url, "apiSecret": secret } }))
}
