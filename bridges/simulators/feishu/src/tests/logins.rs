//! People who log in at an app.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator_stage::{query, trial};

use super::client::{APP, World, world};
use crate::{Command, Order, Simulator};

const TOKEN: &str = "/open-apis/authen/v2/oauth/token";
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Opens the login page: status and where it leads.
async fn page(world: &World, more: &str) -> (u16, String) {
    let url = format!(
        "{}/open-apis/authen/v1/authorize?client_id={APP}&response_type=code&redirect_uri=https%3A%2F%2Fhere.example%2Fback{more}",
        world.simulator.api_url()
    );
    let (status, headers, _) = trial::request("GET", &url, &[], bytes::Bytes::new()).await.unwrap();
    (status, headers.get("location").map(|place| place.to_str().unwrap().to_owned()).unwrap_or_default())
}

async fn sign_in(world: &World, consents: bool) {
    world.simulator.act(Command::SignIn { person: "li".into(), consents }).await.unwrap();
}

/// A code of somebody who agrees to these scopes.
async fn code(world: &World, more: &str) -> String {
    let (status, place) = page(world, more).await;
    assert_eq!(status, 302);
    let place = place.strip_prefix("https://here.example/back?").unwrap();
    let pairs = query::pairs(place);
    pairs.into_iter().find(|(name, _)| name == "code").unwrap().1
}

async fn tokens(world: &World, grant: &str, name: &str, value: &str, more: Value) -> (u16, Value) {
    let mut body = json!({ "grant_type": grant, "client_id": APP, "client_secret": "secret" });
    body[name] = value.into();
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    world.ask("POST", TOKEN, body).await
}

async fn exchange(world: &World, code: &str) -> (u16, Value) {
    tokens(world, "authorization_code", "code", code, Value::Null).await
}

async fn refresh(world: &World, token: &Value) -> (u16, Value) {
    tokens(world, "refresh_token", "refresh_token", token.as_str().unwrap(), Value::Null).await
}

#[tokio::test]
async fn somebody_agrees_and_the_app_learns_who_they_are() {
    let mut world = world().await;
    sign_in(&world, true).await;
    let (_, place) = page(&world, "&state=a%2Fb%26c").await;
    assert!(place.ends_with("&state=a%2Fb%26c"), "{place}");
    let (status, pair) = exchange(&world, &code(&world, "").await).await;
    assert_eq!((status, &pair["code"], &pair["token_type"]), (200, &json!(0), &json!("Bearer")));
    assert_eq!(pair["expires_in"], 7_200);
    assert!(pair.get("refresh_token").is_none(), "nobody asked for offline_access");
    world.token = pair["access_token"].as_str().unwrap().to_owned();
    let (_, info) = world.ask("GET", "/open-apis/authen/v1/user_info", Value::Null).await;
    assert_eq!(info["data"]["open_id"], Simulator::open_id(APP, "li"));
    assert_eq!((&info["data"]["name"], &info["data"]["email"]), (&json!("Li Si"), &json!("li@corp.example")));
    world.simulator.order(Order::Skip { ms: 121 * MINUTE_MS }).unwrap();
    let (status, over) = world.ask("GET", "/open-apis/authen/v1/user_info", Value::Null).await;
    assert_eq!((status, &over["code"]), (200, &json!(20_005)));
}

#[tokio::test]
async fn who_does_not_agree_sends_the_app_a_refusal_and_who_asks_for_too_much_sees_one() {
    let world = world().await;
    assert_eq!(page(&world, "").await.0, 400, "nobody is there");
    sign_in(&world, false).await;
    assert_eq!(page(&world, "&state=s").await.1, "https://here.example/back?error=access_denied&state=s");
    let (status, place) = page(&world, "&scope=mail%3Asend").await;
    assert_eq!((status, place.as_str()), (400, ""));
}

#[tokio::test]
async fn a_code_is_good_once_for_five_minutes_and_for_whoever_asked_for_it() {
    let world = world().await;
    sign_in(&world, true).await;
    let first = code(&world, "").await;
    assert_eq!(exchange(&world, &first).await.0, 200);
    let (status, used) = exchange(&world, &first).await;
    assert_eq!((status, &used["code"], &used["error"]), (400, &json!(20_003), &json!("invalid_grant")));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(b"verifier"));
    let proved = code(&world, &format!("&code_challenge={challenge}&code_challenge_method=S256")).await;
    assert_eq!(exchange(&world, &proved).await.1["code"], 20_049);
    let shown =
        tokens(&world, "authorization_code", "code", &proved, json!({ "code_verifier": "verifier" })).await;
    assert_eq!(shown.1["code"], 0);
    let late = code(&world, "").await;
    world.simulator.order(Order::Skip { ms: 5 * MINUTE_MS }).unwrap();
    assert_eq!(exchange(&world, &late).await.1["code"], 20_004);
    assert_eq!(tokens(&world, "password", "code", "x", Value::Null).await.1["code"], 20_036);
    let wrong = tokens(&world, "authorization_code", "code", "x", json!({ "client_secret": "no" })).await;
    assert_eq!((&wrong.1["code"], &wrong.1["error"]), (&json!(20_002), &json!("invalid_client")));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_for_a_week() {
    let world = world().await;
    sign_in(&world, true).await;
    let (_, first) = exchange(&world, &code(&world, "&scope=offline_access").await).await;
    assert_eq!(first["refresh_token_expires_in"], 604_800);
    let (_, second) = refresh(&world, &first["refresh_token"]).await;
    assert_eq!(second["code"], 0);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(refresh(&world, &first["refresh_token"]).await.1["code"], 20_073);
    world.fail("api.code", 1, json!(20_050)).await;
    let (status, failed) = refresh(&world, &second["refresh_token"]).await;
    assert_eq!((status, &failed["code"], &failed["error"]), (500, &json!(20_050), &json!("server_error")));
    let (_, third) = refresh(&world, &second["refresh_token"]).await;
    world.simulator.order(Order::Skip { ms: 7 * DAY_MS }).unwrap();
    assert_eq!(refresh(&world, &third["refresh_token"]).await.1["code"], 20_037);
    assert_eq!(refresh(&world, &json!("eyJnone")).await.1["code"], 20_026);
}

#[tokio::test]
async fn what_somebody_takes_back_is_over_and_the_app_is_told() {
    let mut world = world().await;
    let mut line = world.connect().await;
    sign_in(&world, true).await;
    let (_, pair) = exchange(&world, &code(&world, "&scope=offline_access").await).await;
    world.simulator.act(Command::RevokeLogin { person: "li".into(), app: APP.into() }).await.unwrap();
    let told = line.hear().await;
    assert_eq!(told["header"]["event_type"], "auth.user_access_token.revoked_v4");
    assert_eq!(told["event"]["open_id"], Simulator::open_id(APP, "li"));
    assert_eq!(refresh(&world, &pair["refresh_token"]).await.1["code"], 20_064);
    world.token = pair["access_token"].as_str().unwrap().to_owned();
    let (_, info) = world.ask("GET", "/open-apis/authen/v1/user_info", Value::Null).await;
    assert_eq!(info["code"], 20_005);
}

#[tokio::test]
async fn a_self_built_app_has_no_ticket() {
    let world = world().await;
    let body = json!({ "app_id": APP, "app_secret": "secret" });
    let (_, answer) = world.ask("POST", "/open-apis/auth/v3/app_ticket/resend", body).await;
    assert_eq!(answer["code"], 10_016);
}
