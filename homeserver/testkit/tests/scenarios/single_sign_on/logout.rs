//! The provider ends what it opened.

use serde_json::{Value, json};
use server::Options;
use testkit::{IdentityProvider, World, segment};

use super::{alice, logs_in, signs_on, somebody, world, world_with};
use crate::accounts::{CLIENT, whoami};

async fn tells_logout(w: &World, token: &str) -> testkit::Answer {
    let form = format!("logout_token={}", segment(token));
    w.stranger()
        .request_raw(http::Method::POST, "/_lianqiao/single-sign-on/company/logout", Some(form.into_bytes()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_the_sessions_that_it_opened() {
    let (w, at) = world().await;
    let [carol] = w.users(["carol"]).await;
    let phone = logs_in(&w).await;
    let mut elsewhere = alice();
    elsewhere["sid"] = json!("another-session");
    at.seats(elsewhere);
    let laptop = logs_in(&w).await;
    at.seats(somebody("bob"));
    let bob = logs_in(&w).await;

    // One session of the provider.
    let token = at.logout_token(json!({"sid": "session-of-alice"}));
    let mut answer = tells_logout(&w, &token).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    whoami(&phone).await.fails_as(401, "M_UNKNOWN_TOKEN");
    whoami(&laptop).await.ok();

    // Everything of a person.
    at.seats(alice());
    let phone = logs_in(&w).await;
    tells_logout(&w, &at.logout_token(json!({"sub": "subject-of-alice"}))).await.ok();
    for ended in [&phone, &laptop] {
        whoami(ended).await.fails_as(401, "M_UNKNOWN_TOKEN");
    }
    for other in [&bob, &carol] {
        whoami(other).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_provider_ends_sessions_and_no_token_does_it_twice() {
    let (w, at) = world().await;
    let alice = logs_in(&w).await;
    let of_alice = |mut changes: Value| {
        changes["sub"] = json!("subject-of-alice");
        at.logout_token(changes)
    };
    let good = of_alice(json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let stranger = IdentityProvider::start().await;
    stranger.changes_key();
    for token in [
        String::new(),
        "nonsense".to_owned(),
        format!("{signed}."),
        forged,
        of_alice(json!({"iss": "https://evil.example.org"})),
        of_alice(json!({"aud": "another"})),
        of_alice(json!({"iat": 1_600_000_000})),
        of_alice(json!({"exp": 1_600_000_000})),
        of_alice(json!({"events": {}})),
        of_alice(json!({"nonce": "n"})),
        of_alice(json!({"jti": null})),
        at.logout_token(json!({})),
        stranger.logout_token(json!({"iss": at.issuer(), "sub": "subject-of-alice"})),
    ] {
        let refused = tells_logout(&w, &token).await.expect_status(400);
        assert_eq!(refused["error"], "invalid_request", "{token}");
    }
    whoami(&alice).await.ok();
    tells_logout(&w, &good).await.ok();
    whoami(&alice).await.fails_as(401, "M_UNKNOWN_TOKEN");
    let alice = logs_in(&w).await;
    tells_logout(&w, &good).await.expect_status(400);
    whoami(&alice).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_token_from_before_the_logout_opens_nothing_and_a_restart_forgets_no_logout() {
    let (mut w, at) = world().await;
    let waiting = signs_on(&w).await.login_token().unwrap();
    let told = at.logout_token(json!({"sub": "subject-of-alice"}));
    tells_logout(&w, &told).await.ok();
    w.restarts().await;
    let login = json!({"type": "m.login.token", "token": waiting});
    w.stranger().post(&format!("{CLIENT}/login"), login).await.fails_as(403, "M_FORBIDDEN");
    let alice = logs_in(&w).await;
    tells_logout(&w, &told).await.expect_status(400);
    whoami(&alice).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_logged_in_by_other_means_is_no_longer_the_providers() {
    let at = IdentityProvider::start().await;
    let w = world_with(&at, |company| company.link_by_name = true, Options::default()).await;
    let [alice] = w.users(["alice"]).await;
    at.seats(super::alice());
    let session = logs_in(&w).await;
    let login = json!({
        "type": "m.login.password", "identifier": {"type": "m.id.user", "user": alice.id},
        "password": alice.password(), "device_id": session.device_id,
    });
    let login = w.stranger().post(&format!("{CLIENT}/login"), login).await.ok();
    tells_logout(&w, &at.logout_token(json!({"sub": "subject-of-alice"}))).await.ok();
    whoami(&session.with_token(login["access_token"].as_str().unwrap())).await.ok();
}
