//! People sign in elsewhere: the page and what it sends back, codes that count once, tokens that are renewed, and what goes wrong.

use serde_json::{Value, json};
use simulator_stage::trial;

use super::client::{APP, World, world};

const BACK: &str = "https://app.example/back?from=dingtalk";
const DAY_MS: u64 = 86_400_000;

/// A world whose app may send people back.
async fn registered() -> World {
    let world = world().await;
    world.act(json!({ "do": "change_app", "app": APP, "redirects": [BACK] })).await;
    world
}

/// The query by which an app asks who somebody is.
fn asked(scope: &str) -> String {
    let back = "https%3A%2F%2Fapp.example%2Fback%3Ffrom%3Ddingtalk";
    format!(
        "redirect_uri={back}&response_type=code&client_id={APP}&scope={scope}&state=a%2Fb%3D&prompt=consent"
    )
}

/// Asks for a page: status, where it leads, what it shows.
async fn page(world: &World, path: &str) -> (u16, String, String) {
    let url = format!("{}{path}", world.simulator.api_url());
    let (status, headers, body) = trial::request("GET", &url, &[], bytes::Bytes::new()).await.unwrap();
    let leads = headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, leads, String::from_utf8(body.to_vec()).unwrap())
}

async fn union(world: &World) -> String {
    let people = world.act(json!({ "do": "overview" })).await["people"].clone();
    people[1]["union_id"].as_str().unwrap().to_owned()
}

/// What the browser of `zhang` brings back.
async fn brought(world: &World, scope: &str) -> String {
    let consent = format!("/oauth2/consent?{}&person={}", asked(scope), union(world).await);
    let (status, leads, _) = page(world, &consent).await;
    assert_eq!(status, 302);
    leads.strip_prefix(BACK).unwrap().to_owned()
}

/// The code that the browser of `zhang` brings back.
async fn code(world: &World, scope: &str) -> String {
    let brought = brought(world, scope).await;
    brought.strip_prefix("&authCode=").unwrap().strip_suffix("&state=a%2Fb%3D").unwrap().to_owned()
}

async fn tokens(world: &World, kind: &str, name: &str, text: &str) -> (u16, Value) {
    let body = json!({ "clientId": APP, "clientSecret": "secret", "grantType": kind, name: text });
    world.new_api("POST", "/v1.0/oauth2/userAccessToken", body).await
}

async fn changed(world: &World, code: &str) -> (u16, Value) {
    tokens(world, "authorization_code", "code", code).await
}

/// Asks who somebody is with a token of theirs.
async fn who(world: &World, token: &Value, whom: &str) -> (u16, Value) {
    let url = format!("{}/v1.0/contact/users/{whom}", world.simulator.api_url());
    let header = ("x-acs-dingtalk-access-token", token.as_str().unwrap());
    let (status, _, body) = trial::request("GET", &url, &[header], bytes::Bytes::new()).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn somebody_agrees_on_the_page_and_the_app_knows_who_they_are() {
    let world = registered().await;
    let (status, _, shown) = page(&world, &format!("/oauth2/auth?{}", asked("openid%20corpid"))).await;
    assert_eq!(status, 200);
    assert!(shown.contains("张三") && shown.contains("/oauth2/consent?redirect_uri="), "{shown}");
    let first = code(&world, "openid%20corpid").await;
    let (status, token) = changed(&world, &first).await;
    assert_eq!((status, &token["expireIn"]), (200, &json!(7_200)), "{token}");
    assert!(token["corpId"].as_str().unwrap().starts_with("ding"));
    let (status, me) = who(&world, &token["accessToken"], "me").await;
    assert_eq!((status, &me["nick"], &me["unionId"]), (200, &json!("张三"), &json!(union(&world).await)));
    assert!(!me["openId"].as_str().unwrap().is_empty());
    let found = world.old_api("POST", "/topapi/user/getbyunionid", json!({ "unionid": me["unionId"] })).await;
    assert_eq!(found["result"]["userid"], "zhang");
    let (status, refused) = changed(&world, &first).await;
    assert_eq!((status, &refused["code"]), (400, &json!("invalidParameter.authCode")), "once");
    let alone = code(&world, "openid").await;
    assert!(changed(&world, &alone).await.1.get("corpId").is_none(), "it did not ask for it");
}

#[tokio::test]
async fn a_token_is_over_after_two_hours_and_renewed_by_what_counts_once() {
    let world = registered().await;
    let first = changed(&world, &code(&world, "openid").await).await.1;
    let renew = async |token: &Value| {
        let renewal = token["refreshToken"].as_str().unwrap();
        tokens(&world, "refresh_token", "refreshToken", renewal).await
    };
    world.act(json!({ "do": "skip", "ms": 7_200_000 })).await;
    let (status, refused) = who(&world, &first["accessToken"], "me").await;
    assert_eq!((status, &refused["code"]), (400, &json!("accesstoken.expired")));
    let second = renew(&first).await.1;
    assert_eq!(who(&world, &second["accessToken"], "me").await.0, 200);
    assert_eq!(renew(&first).await.1["code"], "invalidParameter.refreshToken", "the old one is dead");
    world.act(json!({ "do": "skip", "ms": 30 * DAY_MS })).await;
    assert_eq!(renew(&second).await.1["code"], "invalidParameter.refreshToken");
    let (status, refused) = who(&world, &json!("never"), "me").await;
    assert_eq!((status, &refused["code"]), (400, &json!("InvalidAuthentication")));
    let late = code(&world, "openid").await;
    world.act(json!({ "do": "skip", "ms": 5 * 60_000 })).await;
    assert_eq!(changed(&world, &late).await.1["code"], "invalidParameter.authCode");
}

#[tokio::test]
async fn a_page_that_asks_wrongly_sends_nobody_back() {
    let world = registered().await;
    for (right, wrong, named) in [
        ("back%3Ffrom", "elsewhere%3Ffrom", "redirect_uri"),
        (APP, "nobody", "client_id"),
        ("scope=openid", "scope=profile", "scope"),
        ("response_type=code", "response_type=token", "response_type"),
    ] {
        let (status, leads, shown) =
            page(&world, &format!("/oauth2/consent?{}", asked("openid").replace(right, wrong))).await;
        assert_eq!((status, leads.as_str()), (400, ""));
        assert!(shown.contains(named), "{shown}");
    }
    let (_, leads, _) = page(&world, &format!("/oauth2/consent?{}", asked("openid"))).await;
    assert_eq!(leads, format!("{BACK}&error=access_denied&state=a%2Fb%3D"), "nobody agreed");
    let code = code(&world, "openid").await;
    let body =
        json!({ "clientId": APP, "clientSecret": "x", "grantType": "authorization_code", "code": code });
    let refused = world.new_api("POST", "/v1.0/oauth2/userAccessToken", body).await.1;
    assert_eq!(refused["code"], "invalidClientIdOrSecret");
    assert_eq!(changed(&world, &code).await.0, 200, "that did not use the code up");
}

#[tokio::test]
async fn what_goes_wrong_with_a_login_is_scripted() {
    let world = registered().await;
    world.fail("login.wrong_state", 1, Value::Null).await;
    let strange = brought(&world, "openid").await;
    assert!(strange.starts_with("&authCode=") && !strange.ends_with("&state=a%2Fb%3D"), "{strange}");
    world.fail("login.refused", 1, Value::Null).await;
    assert_eq!(brought(&world, "openid").await, "&error=access_denied&state=a%2Fb%3D");
    world.fail("login.code_used", 1, Value::Null).await;
    let used = code(&world, "openid").await;
    assert_eq!(changed(&world, &used).await.1["code"], "invalidParameter.authCode");
    world.fail("login.token_expired", 1, Value::Null).await;
    let token = changed(&world, &code(&world, "openid").await).await.1["accessToken"].clone();
    assert_eq!(who(&world, &token, "me").await.1["code"], "accesstoken.expired");
    assert_eq!(who(&world, &token, "me").await.0, 200);
}

#[tokio::test]
async fn a_page_inside_the_client_learns_once_who_looks_at_it() {
    let world = world().await;
    let ask = json!({ "do": "request_code", "person": "li", "app": APP });
    let code = world.act(ask).await["code"].clone();
    let path = "/topapi/v2/user/getuserinfo";
    let known = world.old_api("POST", path, json!({ "code": code })).await;
    assert_eq!((&known["errcode"], &known["result"]["userid"]), (&json!(0), &json!("li")));
    assert_eq!(world.old_api("POST", path, json!({ "code": code })).await["errcode"], 40_078);
    assert_eq!(world.old_api("POST", path, json!({ "code": "never" })).await["errcode"], 40_078);
}
