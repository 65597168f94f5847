//! Signing on with an account of the platform: the pages, their codes, and what is read with them.

use bytes::Bytes;
use serde_json::{Value, json};

use super::client::{APP, World, text, world};

const BACK: &str = "https%3A%2F%2Fmatrix.example%2Fback%3Fa%3D1";
const INFO: &str = "/cgi-bin/auth/getuserinfo";
const DETAIL: &str = "/cgi-bin/auth/getuserdetail";

/// A world whose app has a domain, and whose browser somebody holds.
async fn held_by(holder: Value) -> World {
    let world = world().await;
    world.act(json!({ "do": "change_app", "app": APP, "domain": "matrix.example" })).await;
    hold(&world, holder).await;
    world
}

async fn hold(world: &World, holder: Value) {
    let mut command = json!({ "do": "sign_on" });
    command.as_object_mut().unwrap().extend(holder.as_object().unwrap().clone());
    world.act(command).await;
}

fn inside(world: &World, scope: &str, more: &str) -> String {
    let corp = &world.corp;
    format!(
        "/connect/oauth2/authorize?appid={corp}&redirect_uri={BACK}&response_type=code&scope={scope}&state=s4&{more}"
    )
}

fn scanned(world: &World) -> String {
    let corp = &world.corp;
    format!(
        "/wwlogin/sso/login?login_type=CorpApp&appid={corp}&agentid={APP}&redirect_uri={BACK}&state=s%204"
    )
}

/// Where a page leads, or what it says.
async fn opened(world: &World, page: &str) -> Result<String, String> {
    let (status, headers, body) = world.raw("GET", page, "", Bytes::new(), None).await.unwrap();
    match status {
        302 => Ok(headers["location"].to_str().unwrap().to_owned()),
        200 => Err(String::from_utf8_lossy(&body).into_owned()),
        other => panic!("{page}: {other}"),
    }
}

async fn code(world: &World, page: &str) -> String {
    let to = opened(world, page).await.unwrap();
    let rest = to.strip_prefix("https://matrix.example/back?a=1&code=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

async fn info(world: &World, code: &str) -> Value {
    world.ask(&format!("{INFO}?code={code}"), Value::Null).await
}

#[tokio::test]
async fn a_member_is_known_by_a_code_that_counts_once_and_for_five_minutes() {
    let world = held_by(json!({ "person": "LISI" })).await;
    let page = inside(&world, "snsapi_base", "");
    assert!(opened(&world, &page).await.unwrap().ends_with("&state=s4"));
    let first = code(&world, &page).await;
    let known = info(&world, &first).await;
    assert_eq!((text(&known, "userid"), &known["user_ticket"]), ("lisi".into(), &Value::Null));
    assert_eq!(info(&world, &first).await["errcode"], 40_029, "it was used");
    assert_eq!(info(&world, "another").await["errcode"], 40_029);
    let late = code(&world, &page).await;
    world.skip_minutes(5);
    assert_eq!(info(&world, &late).await["errcode"], 40_029, "it is over");
    let older = code(&world, &page).await;
    let known = world.ask(&format!("/cgi-bin/user/getuserinfo?code={older}"), Value::Null).await;
    assert_eq!(text(&known, "UserId"), "lisi");
    let page = scanned(&world);
    assert!(opened(&world, &page).await.unwrap().ends_with("&state=s%204"));
    let scanned = code(&world, &page).await;
    assert_eq!(text(&info(&world, &scanned).await, "userid"), "lisi");
    assert_eq!(world.get(&format!("{INFO}?code=x")).await["errcode"], 41_001, "a token is wanted");
}

#[tokio::test]
async fn what_a_member_agrees_to_show_is_read_with_a_ticket_for_half_an_hour() {
    let world = held_by(json!({ "person": "lisi", "shows": ["email"] })).await;
    let page = inside(&world, "snsapi_privateinfo", &format!("agentid={APP}"));
    let ticket = text(&info(&world, &code(&world, &page).await).await, "user_ticket");
    let detail = async |ticket: &str| world.ask(DETAIL, json!({ "user_ticket": ticket })).await;
    let shown = detail(&ticket).await;
    assert_eq!((text(&shown, "userid"), text(&shown, "email")), ("lisi".into(), "lisi@corp.example".into()));
    assert_eq!(shown["mobile"], Value::Null, "that was not agreed to");
    assert_eq!(detail("another").await["errcode"], 84_014);
    assert_eq!(detail("").await["errcode"], 84_014);
    world.skip_minutes(30);
    assert_eq!(detail(&ticket).await["errcode"], 84_014);
    hold(&world, json!({ "person": "lisi" })).await;
    let ticket = text(&info(&world, &code(&world, &page).await).await, "user_ticket");
    assert!(detail(&ticket).await["mobile"].is_string());
}

#[tokio::test]
async fn who_does_not_agree_comes_back_without_a_code() {
    let world = held_by(json!({ "person": "lisi", "consents": false })).await;
    let private = inside(&world, "snsapi_privateinfo", &format!("agentid={APP}"));
    assert_eq!(opened(&world, &private).await.unwrap(), "https://matrix.example/back?a=1&state=s4");
    assert_eq!(
        opened(&world, &scanned(&world)).await.unwrap(),
        "https://matrix.example/back?a=1&state=s%204"
    );
    let silent = inside(&world, "snsapi_base", "");
    assert!(opened(&world, &silent).await.unwrap().contains("code="), "nobody is asked there");
    hold(&world, json!({})).await;
    assert!(opened(&world, &silent).await.unwrap_err().contains("企业微信"), "nobody holds the browser");
}

#[tokio::test]
async fn who_is_no_member_is_known_from_outside() {
    let world = held_by(json!({ "external_userid": "wmA" })).await;
    world.act(json!({ "do": "follow", "external_userid": "wmA", "user_id": "lisi", "name": "客户" })).await;
    let page = inside(&world, "snsapi_privateinfo", &format!("agentid={APP}"));
    let known = info(&world, &code(&world, &page).await).await;
    assert_eq!((text(&known, "external_userid"), &known["userid"]), ("wmA".into(), &Value::Null));
    assert!(text(&known, "openid").starts_with('o') && known["user_ticket"].is_null());
    hold(&world, json!({ "external_userid": "" })).await;
    let stranger = info(&world, &code(&world, &page).await).await;
    assert_eq!(stranger["external_userid"], Value::Null);
    assert_ne!(stranger["openid"], known["openid"]);
    assert!(world.try_to(json!({ "do": "sign_on", "person": "nobody" })).await.is_err());
    assert!(world.try_to(json!({ "do": "sign_on", "person": "lisi", "shows": ["name"] })).await.is_err());
}

#[tokio::test]
async fn a_page_that_is_asked_for_wrongly_leads_nowhere() {
    let world = held_by(json!({ "person": "lisi" })).await;
    let good = inside(&world, "snsapi_base", &format!("agentid={APP}"));
    let elsewhere = good.replace("matrix.example", "other.example");
    let table = [
        (elsewhere.clone(), 50_001),
        (elsewhere.replace(&format!("agentid={APP}"), ""), 50_001),
        (good.replace("https", "ftp"), 50_001),
        (good.replace(&world.corp, "wwother"), 40_013),
        (good.replace(&APP.to_string(), "7"), 40_056),
        (good.replace("state=s4", "state=s_4"), 40_058),
        (good.replace("snsapi_base", "snsapi_all"), 40_058),
        (good.replace("response_type=code", "response_type=token"), 40_058),
        (inside(&world, "snsapi_privateinfo", ""), 41_011),
        (scanned(&world).replace("CorpApp", "ServiceApp"), 40_058),
    ];
    for (page, code) in table {
        let said = opened(&world, &page).await.unwrap_err();
        assert!(said.contains(&format!("({code})")), "{page}: {said}");
    }
    world.fail("api.code", json!(50_001));
    assert!(opened(&world, &good).await.unwrap_err().contains("(50001)"));
    // The code of one app is none of another's, and whom an app does not see it does not know.
    let other = code(&world, &good).await;
    world.act(json!({ "do": "change_app", "app": APP, "departments": [], "people": [] })).await;
    assert_eq!(info(&world, &other).await["errcode"], 50_002);
    world.act(json!({ "do": "change_app", "app": APP, "departments": [1] })).await;
    let own = code(&world, &good).await;
    world.act(json!({ "do": "add_app", "app": 1_000_003, "secret": "other", "name": "Other" })).await;
    let token = text(&world.token_for("other").await, "access_token");
    assert_eq!(world.get(&format!("{INFO}?code={own}&access_token={token}")).await["errcode"], 40_029);
}
