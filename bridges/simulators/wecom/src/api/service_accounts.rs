//! Accounts of customer service as apps make and change them, who attends to them, and the links by which customers come.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::MediaOwner;
use crate::state::people::folded;
use crate::state::service::Account;

/// Members who are named in one call.
const SERVICERS_MAX: usize = 100;
/// Bytes of the word by which an app knows where a link stood.
const SCENE_BYTES_MAX: usize = 32;

/// The picture that a call names, which must have been uploaded; empty for none.
fn picture(state: &State, call: &Call) -> Result<String, Refusal> {
    let key = call.text("media_id");
    if key.is_empty() {
        return Ok(String::new());
    }
    let media = state.usable_media(key, &MediaOwner::Corp)?;
    if media.kind == "image" { Ok(key.to_owned()) } else { Err(Refusal::new(40_004)) }
}

fn account<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Account, Refusal> {
    let account = state.service.accounts.get_mut(call.text("open_kfid"));
    account.ok_or_else(|| Refusal::new(95_004))
}

pub(super) fn add(state: &mut State, call: &Call) -> Outcome {
    let name = call.needed("name", 40_063)?.to_owned();
    let avatar = picture(state, call)?;
    if state.service.accounts.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let account = Account { name, avatar, servicers: BTreeSet::new() };
    let id = state.add_account(account, Some(call.agent))?;
    Ok(json!({ "open_kfid": id }).into())
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    account(state, call)?;
    state.remove_account(call.text("open_kfid"), Some(call.agent))?;
    Ok(json!({}).into())
}

/// What is said replaces what was there; what is not said stays.
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let (name, avatar) = (call.text("name"), picture(state, call)?);
    let account = account(state, call)?;
    if !name.is_empty() {
        name.clone_into(&mut account.name);
    }
    if !avatar.is_empty() {
        account.avatar = avatar;
    }
    Ok(json!({}).into())
}

/// A link by which customers come to an account; the app's own word stands in it.
pub(super) fn contact_way(state: &mut State, call: &Call) -> Outcome {
    account(state, call)?;
    let scene = call.text("scene");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if scene.len() > SCENE_BYTES_MAX || !scene.bytes().all(is_plain) {
        return Err(Refusal::parameter("scene"));
    }
    let mut url = format!("https://work.weixin.qq.com/kfid/{}", call.text("open_kfid"));
    if !scene.is_empty() {
        url += &format!("?enc_scene={scene}");
    }
    Ok(json!({ "url": url }).into())
}

/// Does something with every member that a call names, each answered by itself.
fn each(state: &mut State, call: &Call, change: fn(&mut Account, String) -> bool) -> Outcome {
    let ids = call.texts("userid_list");
    if ids.is_empty() || ids.len() > SERVICERS_MAX {
        return Err(Refusal::parameter("userid_list"));
    }
    account(state, call)?;
    let mut results: Vec<Value> = Vec::new();
    for id in ids {
        let code = if state.person(&id).is_err() {
            40_003
        } else if change(account(state, call)?, folded(&id)) {
            0
        } else {
            95_014
        };
        let words = if code == 0 { "ok".to_owned() } else { Refusal::new(code).message };
        results.push(json!({ "userid": id, "errcode": code, "errmsg": words }));
    }
    Ok(json!({ "result_list": results }).into())
}

pub(super) fn add_servicers(state: &mut State, call: &Call) -> Outcome {
    each(state, call, |account, id| {
        account.servicers.insert(id);
        true
    })
}

/// Who does not attend to the account is answered so.
pub(super) fn remove_servicers(state: &mut State, call: &Call) -> Outcome {
    each(state, call, |account, id| account.servicers.remove(&id))
}
