//! People sign in by the API: codes are changed for tokens, tokens tell who somebody is.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::crypto;
use crate::faults::Fault;
use crate::refusal::{Generation, Refusal, Trouble};
use crate::state::State;
use crate::state::logins::{Kind, Pass, TOKEN_LIFE_S};
use crate::state::people::Person;

const SCOPE: &str = "Contact.User.Read";
const OPEN_ID_DIGITS: usize = 24;

/// Changes a code, or a renewal, for a token in the name of a person.
pub(super) fn user_token(state: &mut State, call: &Call) -> Outcome {
    let app = call.text("clientId");
    let secret = call.text("clientSecret");
    if !state.apps.get(app).is_some_and(|known| known.secret == secret && !secret.is_empty()) {
        return Err(Refusal::new(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret"));
    }
    let (kind, text, refusal) = match call.text("grantType") {
        "authorization_code" => (Kind::PageCode, call.text("code"), "invalidParameter.authCode"),
        "refresh_token" => (Kind::Renewal, call.text("refreshToken"), "invalidParameter.refreshToken"),
        _ => return Err(Refusal::bad("unsupported.grant.type")),
    };
    let pass = state.redeem(kind, app, text).ok_or_else(|| Refusal::bad(refusal))?;
    let [token, renewal] =
        [Kind::Token, Kind::Renewal].map(|kind| state.issue(kind, app, &pass.person, pass.tells_corp));
    let mut answer = json!({ "accessToken": token, "refreshToken": renewal, "expireIn": TOKEN_LIFE_S });
    if pass.tells_corp {
        answer["corpId"] = state.corp_id.clone().into();
    }
    Ok(answer)
}

/// Whose token it is; one that is over is refused otherwise than one that never was.
fn holder(state: &mut State, call: &Call) -> Result<(Pass, Person), Refusal> {
    let now = state.stage.now_ms();
    let unknown = || Refusal::common(Trouble::Token, Generation::New);
    let pass = state.passes.get(&call.token).filter(|pass| pass.kind == Kind::Token).cloned();
    let pass = pass.ok_or_else(unknown)?;
    if pass.until_ms <= now || state.stage.faults.strikes(Fault::LoginTokenExpired) {
        return Err(Refusal::new(400, "accesstoken.expired", "accesstoken expired"));
    }
    let app = state.apps.get(&pass.app).ok_or_else(unknown)?;
    if app.scopes.as_ref().is_some_and(|scopes| !scopes.contains(SCOPE)) {
        return Err(Refusal::common(Trouble::Scope(SCOPE), Generation::New));
    }
    let person = state.people.get(&pass.person).filter(|person| !person.resigned).cloned();
    Ok((pass, person.ok_or_else(unknown)?))
}

/// Who somebody is: whose token it is, or somebody else of the same organisation.
pub(super) fn person(state: &mut State, call: &Call) -> Outcome {
    let (pass, own) = holder(state, call)?;
    let wanted = match call.part(3) {
        "me" => own,
        union => {
            let known = state.person_of_union(union).filter(|person| person.is_listed());
            known.cloned().ok_or_else(|| Refusal::bad("userNotExist"))?
        }
    };
    // Each app knows somebody by another one.
    let open_id = crypto::hex(crypto::card_sign(&pass.app, &wanted.union_id).as_bytes());
    Ok(json!({
        "nick": wanted.name, "avatarUrl": "", "mobile": wanted.mobile, "email": wanted.email, "stateCode": "86",
        "openId": open_id.chars().take(OPEN_ID_DIGITS).collect::<String>(), "unionId": wanted.union_id,
    }))
}

/// Who looks at a page inside the client.
pub(super) fn user_info(state: &mut State, call: &Call) -> Outcome {
    let pass = state.redeem(Kind::ClientCode, &call.app, call.text("code"));
    let person = pass.and_then(|pass| state.people.get(&pass.person));
    let person = person.filter(|person| person.is_listed()).ok_or_else(|| Refusal::old(40_078))?;
    let result: Value = json!({
        "userid": person.user_id, "unionid": person.union_id, "associated_unionid": person.union_id,
        "name": person.name, "sys": person.admin, "sys_level": u8::from(person.admin), "device_id": "",
    });
    Ok(json!({ "result": result }))
}
