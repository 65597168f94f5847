//! The kinds of approvals whose flow runs elsewhere, and the words of all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Call, list, text};
use crate::api::{Answer, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::external::Definition;

const PARAMETER: i64 = 1_390_001;
const CODE_BYTES_MAX: usize = 128;
/// Those for whom a kind may be.
const VIEWERS_MAX: usize = 200;
const VIEWERS: [&str; 4] = ["TENANT", "DEPARTMENT", "USER", "NONE"];

pub(super) fn wrong(what: &str) -> Refusal {
    Refusal::ext(PARAMETER, what)
}

/// The words behind `@i18n@` keys, in the language that stands first.
pub(super) struct Texts(BTreeMap<String, String>);

impl Texts {
    pub(super) fn read(body: &Value) -> Result<Self, Refusal> {
        let resources = list(body, "i18n_resources");
        let first = resources.first().ok_or(wrong("i18n_resources"))?;
        for resource in resources {
            if !["zh-CN", "en-US", "ja-JP"].contains(&text(resource, "locale")) {
                return Err(wrong("locale"));
            }
        }
        let texts = list(first, "texts").iter();
        Ok(Self(texts.map(|pair| (text(pair, "key").to_owned(), text(pair, "value").to_owned())).collect()))
    }

    /// The words of a key. What stands there in plain words is refused.
    pub(super) fn of(&self, value: &Value, name: &str) -> Result<String, Refusal> {
        let key = text(value, name);
        let known = key.starts_with("@i18n@").then(|| self.0.get(key)).flatten();
        known.cloned().ok_or_else(|| wrong(&format!("{name} is no key of i18n_resources")))
    }
}

/// `POST approval/v4/external_approvals`: makes a kind, or changes it.
pub(crate) fn define(state: &mut State, call: &Call) -> Outcome {
    let code = call.text("approval_code").to_owned();
    if code.is_empty() || code.len() > CODE_BYTES_MAX || state.office.definitions.len() >= RECORDS_MAX {
        return Err(wrong("approval_code"));
    }
    let name = Texts::read(&call.body)?.of(&call.body, "approval_name")?;
    let external = call.body.get("external").ok_or(wrong("external"))?;
    let viewers = list(&call.body, "viewers");
    if viewers.len() > VIEWERS_MAX
        || viewers.iter().any(|viewer| !VIEWERS.contains(&text(viewer, "viewer_type")))
    {
        return Err(wrong("viewers"));
    }
    let definition = Definition {
        name,
        callback_url: text(external, "action_callback_url").to_owned(),
        callback_token: text(external, "action_callback_token").to_owned(),
        callback_key: text(external, "action_callback_key").to_owned(),
        body: call.body.clone(),
    };
    state.office.definitions.insert((call.app.clone(), code.clone()), definition);
    Ok(Answer::Data(json!({ "approval_code": code })))
}

/// `GET approval/v4/external_approvals/*`.
pub(crate) fn definition(state: &mut State, call: &Call) -> Outcome {
    let place = (call.app.clone(), call.part(3).to_owned());
    let known = state.office.definitions.get(&place).ok_or(Refusal::code(1_390_002))?;
    let mut shown = known.body.clone();
    shown["approval_name"] = known.name.clone().into();
    Ok(Answer::Data(shown))
}
