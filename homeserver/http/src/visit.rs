//! The page behind the link of a visitor: they ask for a code, which goes to the address that was asked in, enter it, set the
//! password of their account, if it has none, and are in the room then.
//!
//! As with first logins, opening the link changes nothing, what is void looks alike, and the page runs no script. Whoever came by
//! a link that was meant for somebody else reads no more of the address than they need to see that it is not theirs.

use accounts::{AccountError, Visit, limits::VISIT_CODE_MS};
use administration::Act;
use axum::{
    extract::{Request, State},
    response::Response,
};
use flows::{FlowsError, VISIT_PATH};
use http::{Method, StatusCode};

use crate::{
    Action, App, MatrixError, Routes,
    page::{DIFFERENT_PASSWORDS, Fields, PASSWORD_FIELDS, escaped, page},
};

const VOID: &str = "<p class=\"wrong\">此链接无效、已使用或已过期，请联系邀请您的人。若已设置密码，请直接登录。<br>\
    This link is not valid, was used, or is too old; ask whoever invited you. If you have set a password, log in with it.</p>";
const CODE_VOID: &str = "没有可用的验证码：尚未发送、已过期或尝试次数过多，请重新获取。 There is no code that could be entered: \
    none was sent, it is too old, or it was tried too often. Ask for another one.";
const CODES_SPENT: &str =
    "发送的验证码过多，请一小时后再试。 Too many codes were sent; try again in an hour.";
const NOT_SENT: &str =
    "邮件暂时无法发送，请几分钟后再试。 The letter could not be sent; try again in some minutes.";

/// How long a code is good.
const MINUTES: u64 = VISIT_CODE_MS / 60_000;

/// The value of the button that asks for a code.
const ASK: &str = "ask";

/// The page and its forms.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, VISIT_PATH, show).raw(Method::POST, VISIT_PATH, submit)
}

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let token = Fields::of_address(&app, request, Action::Login)?.value("token");
    Ok(match app.accounts.visit_of_link(&token).await? {
        Some(visit) => page(StatusCode::OK, &forms(&token, &visit, "")),
        None => page(StatusCode::NOT_FOUND, VOID),
    })
}

async fn submit(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_form(&app, request, Action::Login).await?;
    let token = fields.value("token");
    let Some(visit) = app.accounts.visit_of_link(&token).await? else {
        return Ok(page(StatusCode::NOT_FOUND, VOID));
    };
    if fields.value("step") == ASK {
        ask(&app, &token, visit).await
    } else {
        enter(&app, &fields, visit).await
    }
}

/// Has a code sent.
async fn ask(app: &App, token: &str, visit: Visit) -> Result<Response, MatrixError> {
    let (status, visit, wrong) = match app.flows.send_visit_code(token).await {
        Ok(()) => (StatusCode::OK, Visit { has_code: true, ..visit }, ""),
        Err(FlowsError::Account(AccountError::VisitCodesSpent)) => {
            (StatusCode::TOO_MANY_REQUESTS, visit, CODES_SPENT)
        }
        // The code that was to be sent is the only one that counts.
        Err(FlowsError::LetterNotTaken | FlowsError::NoMail) => {
            (StatusCode::SERVICE_UNAVAILABLE, Visit { has_code: false, ..visit }, NOT_SENT)
        }
        Err(FlowsError::Account(AccountError::FirstLoginUnknown)) => {
            return Ok(page(StatusCode::NOT_FOUND, VOID));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(page(status, &forms(token, &visit, wrong)))
}

/// Lets the visitor in, if the code is theirs.
async fn enter(app: &App, fields: &Fields, visit: Visit) -> Result<Response, MatrixError> {
    let (token, code, password) = (fields.value("token"), fields.value("code"), fields.value("password"));
    let wrong = |visit: &Visit, wrong: &str| page(StatusCode::BAD_REQUEST, &forms(&token, visit, wrong));
    if !visit.has_code {
        return Ok(wrong(&visit, CODE_VOID));
    }
    if !visit.has_password && fields.value("again") != password {
        return Ok(wrong(&visit, DIFFERENT_PASSWORDS));
    }
    let act = Act { actor: visit.user.as_str(), action: "visit", target: visit.room.as_str() };
    let mark = app.administration.begin_act(act).await?;
    let entered = app.flows.enter_visit(&token, &code, &password).await;
    app.administration.end_act(mark, entered.as_ref().err().map(ToString::to_string).as_deref()).await;
    match entered {
        Ok(visit) => Ok(page(StatusCode::OK, &done(&visit))),
        Err(FlowsError::Account(error @ AccountError::WeakPassword(_))) => {
            Ok(wrong(&visit, &error.to_string()))
        }
        Err(FlowsError::Account(AccountError::VisitCodeWrong(tries_left @ 1..))) => {
            Ok(wrong(&visit, &code_wrong(tries_left)))
        }
        Err(FlowsError::Account(AccountError::VisitCodeWrong(_) | AccountError::VisitCodeVoid)) => {
            Ok(wrong(&Visit { has_code: false, ..visit }, CODE_VOID))
        }
        Err(FlowsError::Account(AccountError::FirstLoginUnknown)) => Ok(page(StatusCode::NOT_FOUND, VOID)),
        Err(error) => Err(error.into()),
    }
}

fn code_wrong(tries_left: u32) -> String {
    format!("验证码不正确，还可尝试 {tries_left} 次。 The code is wrong; tries left: {tries_left}.")
}

/// What can be done by a link now. `wrong` is what was wrong with the last try.
fn forms(token: &str, visit: &Visit, wrong: &str) -> String {
    let (address, wrong) = (escaped(&visit.masked_address), escaped(wrong));
    if visit.has_code {
        return format!(
            "<p>验证码已发送到 <b>{address}</b>，{MINUTES} 分钟内有效。<br>A code was sent to <b>{address}</b>; it is good for \
             {MINUTES} minutes.</p><p class=\"wrong\">{wrong}</p>{}{}",
            code_form(token, visit),
            ask_form(token, "重新发送 Send another one")
        );
    }
    format!(
        "<p>您受邀参加会议。为确认是您本人，验证码将发送到 <b>{address}</b>。<br>You are asked to a meeting. A code goes to \
         <b>{address}</b>, so that nobody else comes in by your link.</p><p class=\"wrong\">{wrong}</p>{}",
        ask_form(token, "发送验证码 Send the code")
    )
}

fn ask_form(token: &str, button: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{VISIT_PATH}\"><input type=\"hidden\" name=\"token\" value=\"{}\">\
         <button name=\"step\" value=\"{ASK}\">{button}</button></form>",
        escaped(token)
    )
}

fn code_form(token: &str, visit: &Visit) -> String {
    let user = escaped(visit.user.as_str());
    let (what, password) = match visit.has_password {
        true => (
            format!(
                "您的账号 <b>{user}</b> 将加入会议室。<br>Your account <b>{user}</b> is about to join the room of the meeting."
            ),
            "",
        ),
        false => (
            format!(
                "请为您的临时账号 <b>{user}</b> 设置密码，会议结束后账号失效。<br>Set the password of your temporary account \
                 <b>{user}</b>; it ends after the meeting."
            ),
            PASSWORD_FIELDS,
        ),
    };
    format!(
        "<form method=\"post\" action=\"{VISIT_PATH}\" autocomplete=\"off\">\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\
         <label>验证码 Code<input name=\"code\" required inputmode=\"numeric\" autocomplete=\"one-time-code\"></label>\
         <p>{what}</p>{password}<button>加入 Join</button></form>",
        escaped(token)
    )
}

fn done(visit: &Visit) -> String {
    format!(
        "<p>您已加入会议室，此链接已失效。请用任意 Matrix 客户端登录服务器 <b>{1}</b>，账号 <b>{0}</b>。<br>\
         You are in the room of the meeting, and this link is now void. Log in to the server <b>{1}</b> as <b>{0}</b> with any \
         Matrix client.</p>",
        escaped(visit.user.as_str()),
        escaped(visit.user.server_name().as_str())
    )
}

#[cfg(test)]
mod tests {
    use ruma::{owned_room_id, owned_user_id};

    use super::*;

    #[test]
    fn nothing_of_a_stranger_becomes_markup_and_no_script_runs() {
        for (has_code, has_password) in [(false, false), (true, false), (true, true)] {
            let visit = Visit {
                user: owned_user_id!("@visitor-x:test"),
                room: owned_room_id!("!r:test"),
                masked_address: "<***@example.org".to_owned(),
                has_password,
                has_code,
            };
            let shown = forms("\"><script>", &visit, "<b>&'");
            assert!(
                !shown.contains("<script") && shown.contains("&lt;***@") && shown.contains("&lt;b&gt;"),
                "{shown}"
            );
            assert_eq!(shown.contains("name=\"code\""), has_code);
            assert_eq!(shown.contains("name=\"password\""), has_code && !has_password);
        }
    }
}
