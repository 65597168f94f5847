//! What people read when signing on, in Chinese and English.

use axum::response::Response;
use flows::single_sign_on::SingleSignOnError;
use http::StatusCode;

use crate::{
    MatrixError,
    page::{escaped, page},
};

/// A page that says why somebody is not signed on, and what to do.
pub(super) fn refusal(error: SingleSignOnError) -> Response {
    use axum::response::IntoResponse as _;
    let (status, chinese, english, detail) = match error {
        SingleSignOnError::UnknownProvider => (
            StatusCode::NOT_FOUND,
            "没有这个登录服务，请回到应用重新选择。",
            "There is no such sign-on service. Go back to your app and choose again.",
            None,
        ),
        SingleSignOnError::RedirectUrl(reason) => (
            StatusCode::BAD_REQUEST,
            "应用给出的返回地址不被接受，请联系应用的提供者。",
            "The address that the app wants to be called back at is not accepted. Tell whoever provides the app.",
            Some(reason.to_owned()),
        ),
        SingleSignOnError::Unavailable(_) => (
            StatusCode::BAD_GATEWAY,
            "登录服务暂时无法访问，请稍后再试；若仍不行，请联系管理员。",
            "The sign-on service cannot be reached. Try again later; if that does not help, tell your administrator.",
            None,
        ),
        SingleSignOnError::Refused(words) => (
            StatusCode::FORBIDDEN,
            "登录服务拒绝了此次登录，原因如下。",
            "The sign-on service refused, with these words.",
            Some(words),
        ),
        SingleSignOnError::Untrusted(_) => (
            StatusCode::FORBIDDEN,
            "登录服务的答复未通过检查，未登录。请重试；若仍不行，请联系管理员查看日志。",
            "What the sign-on service answered did not stand up to the checks, so nobody was logged in. Try again; \
             if that does not help, have your administrator look at the log.",
            None,
        ),
        SingleSignOnError::Expired => (
            StatusCode::BAD_REQUEST,
            "此次登录已过期或已完成，请回到应用重新开始。",
            "This sign-on has expired or was finished already. Go back to your app and begin again.",
            None,
        ),
        SingleSignOnError::OtherBrowser => (
            StatusCode::BAD_REQUEST,
            "此次登录不是在这个浏览器中开始的，或浏览器未保存 Cookie。请允许 Cookie 后回到应用重新开始。",
            "This sign-on was not begun in this browser, or the browser keeps no cookies. Allow them, go back to \
             your app and begin again.",
            None,
        ),
        SingleSignOnError::NothingToConfirm => (
            StatusCode::NOT_FOUND,
            "没有需要确认的操作，或已过期，请回到应用重新开始。",
            "There is nothing to confirm, or it has expired. Go back to your app and begin again.",
            None,
        ),
        SingleSignOnError::AnotherPerson => (
            StatusCode::FORBIDDEN,
            "登录的不是此账号的主人，操作未确认。",
            "Somebody else signed on than the owner of the account. Nothing was confirmed.",
            None,
        ),
        SingleSignOnError::NotAllowed(claim) => (
            StatusCode::FORBIDDEN,
            "您没有使用此服务器的权限，请联系管理员。缺少的信息：",
            "You are not allowed to use this server; ask your administrator. This is missing:",
            Some(claim),
        ),
        SingleSignOnError::NameUnusable(name) => (
            StatusCode::FORBIDDEN,
            "登录服务给出的用户名在此不可用，请联系管理员。用户名：",
            "The name that the sign-on service gives cannot be a user name here; ask your administrator. The name:",
            Some(name),
        ),
        SingleSignOnError::NameTaken(name) => (
            StatusCode::CONFLICT,
            "此用户名已属于另一个账号。若是您本人的账号，请管理员将其与您的登录关联。用户名：",
            "This user name belongs to another account. If it is yours, ask your administrator to link it to your \
             sign-on. The name:",
            Some(name),
        ),
        SingleSignOnError::NoAccount => (
            StatusCode::FORBIDDEN,
            "您在此服务器上没有账号，请联系管理员。",
            "You have no account on this server; ask your administrator.",
            None,
        ),
        SingleSignOnError::Deactivated => (
            StatusCode::FORBIDDEN,
            "此账号已停用，请联系管理员。",
            "This account has been deactivated; ask your administrator.",
            None,
        ),
        SingleSignOnError::Locked => (
            StatusCode::FORBIDDEN,
            "此账号已被管理员锁定，请联系管理员。",
            "This account was locked by an administrator; ask them.",
            None,
        ),
        SingleSignOnError::Account(error) => return MatrixError::from(error).into_response(),
    };
    let detail = detail.map(|detail| format!("<p><code>{}</code></p>", escaped(&detail)));
    page(status, &format!("<p class=\"wrong\">{chinese}<br>{english}</p>{}", detail.unwrap_or_default()))
}

/// The page on which a person chooses where to sign on: pairs of name and address.
pub(super) fn choice(ways: &[(String, String)]) -> Response {
    page(StatusCode::OK, &format!("<p>请选择登录方式。<br>Choose where to sign on.</p>{}", buttons(ways)))
}

/// The page between signing on and a client that the operator does not vouch for.
pub(super) fn departure(user: &str, client: &str, location: &str) -> Response {
    page(
        StatusCode::OK,
        &format!(
            "<p>您将以 <b>{0}</b> 的身份登录到应用 <b>{1}</b>。只有在您刚才从该应用开始登录时才继续。<br>\
             You are about to log in to the app at <b>{1}</b> as <b>{0}</b>. Go on only if you began there.</p>\
             <p><a href=\"{2}\" rel=\"noreferrer\">继续 Continue</a></p>",
            escaped(user),
            escaped(client),
            escaped(location)
        ),
    )
}

/// The page on which a person confirms an operation by signing on once more.
pub(super) fn confirmation(user: &str, operation: &str, ways: &[(String, String)]) -> Response {
    let (chinese, english) = deed(operation);
    page(
        StatusCode::OK,
        &format!(
            "<p>有应用请求：<b>{chinese}</b>（账号 <b>{0}</b>）。请重新登录以确认。若非您本人操作，请关闭此页并联系管理员。\
             <br>An app asks to <b>{english}</b> (account <b>{0}</b>). Sign on once more to confirm. If that was not \
             you, close this page and tell your administrator.</p>{1}",
            escaped(user),
            buttons(ways)
        ),
    )
}

fn buttons(ways: &[(String, String)]) -> String {
    let button = |(name, address): &(String, String)| {
        format!("<p><a href=\"{}\">{}</a></p>", escaped(address), escaped(name))
    };
    ways.iter().map(button).collect()
}

/// An operation in words; the names are those that handlers give to [`accounts::Operation::new`].
fn deed(operation: &str) -> (&'static str, &'static str) {
    match operation {
        "POST /account/password" => ("修改密码", "change the password"),
        "POST /account/deactivate" => ("停用账号", "deactivate the account"),
        "POST /account/3pid/add" => ("添加邮箱", "add an e-mail address"),
        "POST /login/get_token" => ("登录新设备", "log in another device"),
        "POST /keys/device_signing/upload" => ("更换身份密钥", "replace the keys of the account's identity"),
        "DELETE /devices/{deviceId}" | "POST /delete_devices" => ("移除设备", "remove devices"),
        _ => ("修改账号", "change the account"),
    }
}
