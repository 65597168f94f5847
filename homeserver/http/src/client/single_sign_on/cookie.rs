//! The cookie that ties a sign-on to the browser that began it.
//!
//! Each sign-on has a cookie of its own, so that two tabs do not disturb each other. It is sent back to the pages of
//! single sign-on alone, no script reads it, and it dies when it was used.

use axum::response::Response;
use flows::single_sign_on::{SINGLE_SIGN_ON_PATH, SignOnRedirect};
use http::{HeaderMap, HeaderValue, header};

use crate::App;

const PREFIX: &str = "lianqiao_sign_on_";
/// As long as a sign-on.
const AGE_SECONDS: u64 = accounts::limits::SIGN_ON_MS / 1_000;
/// Which letters of a state name its cookie; the rest of it is still nobody's to guess.
const NAMING: std::ops::Range<usize> = 4..16;

/// The name of the cookie that belongs to a state; none for what is no state.
fn name(state: &str) -> Option<String> {
    let part = state.get(NAMING)?;
    part.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| format!("{PREFIX}{part}"))
}

/// Has the browser keep its half of a sign-on.
pub(super) fn keep(app: &App, response: &mut Response, sign_on: &SignOnRedirect) {
    if let Some(name) = name(&sign_on.state) {
        set(app, response, &name, &sign_on.browser, AGE_SECONDS);
    }
}

/// Has the browser forget it.
pub(super) fn forget(app: &App, response: &mut Response, state: &str) {
    if let Some(name) = name(state) {
        set(app, response, &name, "", 0);
    }
}

fn set(app: &App, response: &mut Response, name: &str, value: &str, age_seconds: u64) {
    let is_secure = app.settings.public_base_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={value}; Path={SINGLE_SIGN_ON_PATH}; Max-Age={age_seconds}; HttpOnly; SameSite=Lax{secure}"
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What the browser kept for this state; empty when it kept nothing.
pub(super) fn kept(headers: &HeaderMap, state: &str) -> String {
    let Some(name) = name(state) else { return String::new() };
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "lqs_abcdefGHIJKLmnop-18c";

    #[test]
    fn a_cookie_is_found_by_its_state() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; lianqiao_sign_on_abcdefGHIJKL=secret"));
        headers.append(header::COOKIE, HeaderValue::from_static("lianqiao_sign_on_other=x"));
        assert_eq!(kept(&headers, STATE), "secret");
        assert_eq!(kept(&headers, "lqs_bbcdefGHIJKLmnop-18c"), "");
        assert_eq!(kept(&HeaderMap::new(), STATE), "");
    }

    #[test]
    fn what_is_no_state_names_no_cookie() {
        for state in
            ["", "lqs_", "lqs_abc;defGHIJKLmnop", "lqs_abc\r\nxxxxxxxxxxxxxx", "连桥连桥连桥连桥连桥"]
        {
            assert_eq!(name(state), None, "{state}");
        }
    }
}
