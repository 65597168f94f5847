//! The accounts of customer service, who attends to them, and the customers who wrote.

use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;

const ACCOUNTS_PAGE_MAX: u64 = 100;
const CUSTOMERS_MAX: usize = 100;

/// Where a picture that was uploaded is; empty where none was.
fn picture(state: &State, key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{}/pictures/{key}", state.api_url) }
}

pub(super) fn accounts(state: &mut State, call: &Call) -> Outcome {
    let limit = call.number("limit").unwrap_or(ACCOUNTS_PAGE_MAX);
    if limit > ACCOUNTS_PAGE_MAX {
        return Err(Refusal::parameter("limit"));
    }
    let page = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let (skipped, taken) = (page(call.number("offset").unwrap_or(0)), page(limit));
    let all = state.service.accounts.iter().skip(skipped).take(taken);
    let list: Vec<Value> = all
        .map(|(id, account)| {
            let avatar = picture(state, &account.avatar);
            json!({ "open_kfid": id, "name": account.name, "avatar": avatar, "manage_privilege": true })
        })
        .collect();
    Ok(json!({ "account_list": list }).into())
}

pub(super) fn servicers(state: &mut State, call: &Call) -> Outcome {
    let account = state.service.accounts.get(call.query("open_kfid")).ok_or_else(|| Refusal::new(95_004))?;
    let list: Vec<Value> = account
        .servicers
        .iter()
        .map(|servicer| json!({ "userid": state.spelled(servicer), "status": 0 }))
        .collect();
    Ok(json!({ "servicer_list": list }).into())
}

pub(super) fn customers(state: &mut State, call: &Call) -> Outcome {
    let wanted = call.texts("external_userid_list");
    if wanted.is_empty() || wanted.len() > CUSTOMERS_MAX {
        return Err(Refusal::parameter("external_userid_list"));
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for id in wanted {
        match state.customer(&id) {
            Some((_, customer)) => {
                let avatar = picture(state, &customer.avatar);
                known.push(json!({
                    "external_userid": id, "nickname": customer.name, "avatar": avatar, "gender": 0,
                    "unionid": "",
                }));
            }
            None => unknown.push(id),
        }
    }
    Ok(json!({ "customer_list": known, "invalid_external_userid": unknown }).into())
}
