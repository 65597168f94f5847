//! Confirming an operation by signing on once more.

use serde_json::{Value, json};
use server::Options;
use testkit::{Browser, Fault, IdentityProvider, segment};

use super::{PUBLIC, is_refused, logs_in, somebody, world, world_with};
use crate::accounts::{CLIENT, whoami};

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_confirms_by_signing_on_once_more() {
    let (w, at) = world().await;
    let alice = logs_in(&w).await;
    let second = logs_in(&w).await;
    let path = format!("{CLIENT}/delete_devices");
    let body = json!({"devices": [second.device_id]});
    let challenge = alice.post(&path, body.clone()).await.expect_status(401);
    assert_eq!(challenge["flows"], json!([{"stages": ["m.login.sso"]}]));
    let session = challenge["session"].clone();
    let confirmed = |session: &Value| {
        let mut body = body.clone();
        body["auth"] = json!({"session": session});
        body
    };
    alice.post(&path, confirmed(&session)).await.expect_status(401);
    let mut claimed = body.clone();
    claimed["auth"] = json!({"type": "m.login.sso", "session": session});
    assert_eq!(alice.post(&path, claimed).await.expect_status(401)["errcode"], "M_FORBIDDEN");

    // The page says what is asked, and leads on only when it is pressed.
    let browser = Browser::of(&w, PUBLIC);
    let page = browser.opens(&fallback(&session)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("移除设备") && page.text.contains("remove devices"), "{page:?}");
    at.seats(somebody("mallory"));
    let link = page.links().remove(0);
    assert!(link.contains("prompt=login") && link.contains("max_age=60"), "{link}");
    is_refused(&browser.opens(&link).await, 403, "不是此账号的主人", "Somebody else");
    alice.post(&path, confirmed(&session)).await.expect_status(401);

    at.seats(super::alice());
    for fault in [Fault::AskedNobody, Fault::NoAuthTime] {
        at.errs(fault);
        let link = browser.opens(&fallback(&session)).await.links().remove(0);
        is_refused(&browser.opens(&link).await, 403, "未通过检查", "did not stand up to the checks");
        alice.post(&path, confirmed(&session)).await.expect_status(401);
    }
    at.errs(None);
    let page = browser.opens(&fallback(&session)).await;
    let done = browser.opens(&page.links()[0]).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.text.contains("onAuthDone") && done.text.contains("已确认"), "{done:?}");
    assert!(done.content_security_policy.contains("script-src 'sha256-"), "{done:?}");
    // Only for this operation, and once.
    let mut other = json!({"devices": [alice.device_id]});
    other["auth"] = json!({"session": session});
    alice.post(&path, other).await.fails_with("M_FORBIDDEN");
    alice.post(&path, confirmed(&session)).await.ok();
    whoami(&second).await.fails_as(401, "M_UNKNOWN_TOKEN");
    alice.post(&path, confirmed(&session)).await.expect_status(401);

    is_refused(
        &browser.opens(&fallback(&json!("nonsense"))).await,
        404,
        "没有需要确认",
        "nothing to confirm",
    );
    let dummy = format!("{CLIENT}/auth/m.login.dummy/fallback/web?session=x");
    w.stranger().get(&dummy).await.fails_as(404, "M_UNRECOGNIZED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_both_may_confirm_either_way_and_who_was_never_linked_by_password_alone() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    at.seats(super::alice());
    logs_in(&w).await;
    let path = format!("{CLIENT}/account/deactivate");
    let both = json!([{"stages": ["m.login.password"]}, {"stages": ["m.login.sso"]}]);
    let challenge = alice.post(&path, json!({})).await.expect_status(401);
    assert_eq!(challenge["flows"], both);
    assert_eq!(bob.post(&path, json!({})).await.expect_status(401)["flows"], json!([both[0]]));
    let page = Browser::of(&w, PUBLIC).opens(&fallback(&challenge["session"])).await;
    assert!(page.text.contains("停用账号"), "{page:?}");
    alice.posts_with_password(&path, json!({})).await.ok();
}

fn fallback(session: &Value) -> String {
    format!("{CLIENT}/auth/m.login.sso/fallback/web?session={}", segment(session.as_str().unwrap()))
}
