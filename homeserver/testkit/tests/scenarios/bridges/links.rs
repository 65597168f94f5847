//! Files that a platform does not take: links to them, which open without an account.

use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::bridges::{Bridge, PATIENCE};

/// What the file holds; its message says that it is larger than any platform takes.
pub(super) const PLAN: &[u8] = b"%PDF-1.4 a plan";

/// Has alice send a file that is too large for the platform; the address of the link that stands there.
pub(super) async fn linked(bridge: &Bridge, base: &str) -> String {
    let mxc = bridge.alice.uploads(PLAN, "application/pdf", Some("plan.pdf")).await;
    let file = json!({
        "msgtype": "m.file", "body": "plan.pdf", "filename": "plan.pdf", "url": mxc,
        "info": { "mimetype": "application/pdf", "size": 900_000_000 },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", file).await.ok();
    let begin = format!("{base}/_lianqiao/bridge/file/");
    let link_of = |shown: &[Value]| {
        let mut ours = shown.iter().filter(|message| message["is_bot"] == true);
        ours.find_map(|message| {
            let message = message.to_string();
            let rest = message.split_once(&begin)?.1;
            let end = rest.find(['"', '\\', ')', ']', ' '])?;
            Some(format!("{begin}{}", &rest[..end]))
        })
    };
    let shown = bridge.shows_until(&bridge.chat, |shown| link_of(shown).is_some()).await;
    link_of(&shown).unwrap()
}

/// Opens an address as somebody without an account does.
pub(super) async fn opens(address: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(address).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_platform_does_not_take_opens_by_its_link_and_by_no_other() {
    let bridge = Bridge::public("").await;
    let address = linked(&bridge, "https://chat.example.org").await;
    let path = address.strip_prefix("https://chat.example.org").unwrap();
    let here = format!("{}{path}", bridge.server.client_url());
    let answer = opens(&here).await;
    assert_eq!(answer.status(), 200, "{}", bridge.log());
    let headers = answer.headers().clone();
    let shown = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(shown(header::CONTENT_DISPOSITION), Some("attachment; filename*=utf-8''plan.pdf"));
    assert_eq!(shown(header::CONTENT_TYPE), Some("application/octet-stream"));
    assert_eq!(shown(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
    assert_eq!(shown(header::CACHE_CONTROL), Some("private, no-store"));
    assert!(shown(header::CONTENT_SECURITY_POLICY).is_some_and(|policy| policy.starts_with("sandbox;")));
    assert_eq!(answer.bytes().await.unwrap(), PLAN);
    let forged = opens(&here.replace("plan.pdf", "plan.exe")).await;
    assert_eq!(forged.status(), 404);
    let id = forged.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(forged.text().await.unwrap().contains("There is no such file"));
    assert!(bridge.log().contains(&id), "the log names the request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_when_its_message_is_taken_back() {
    let bridge = Bridge::public("").await;
    let address = linked(&bridge, "https://chat.example.org").await;
    let path = address.strip_prefix("https://chat.example.org").unwrap();
    let here = format!("{}{path}", bridge.server.client_url());
    assert_eq!(opens(&here).await.status(), 200, "{}", bridge.log());
    let is_sent = |event: &Value| event["content"]["filename"] == "plan.pdf";
    let history = bridge.history_within(PATIENCE, |history| history.iter().any(is_sent)).await;
    let event = history.iter().find(|event| is_sent(event)).unwrap()["event_id"].as_str().unwrap();
    bridge.alice.redacts(&bridge.room, event).await.ok();
    let over = opens(&here).await;
    assert_eq!(over.status(), 410, "{}", bridge.log());
    assert!(over.text().await.unwrap().contains("taken back"));
}
