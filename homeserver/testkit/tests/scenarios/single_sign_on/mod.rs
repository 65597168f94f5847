//! Single sign-on: an identity provider of the organisation says who people are.

mod confirmation;
mod logout;
mod people;
mod sign_on;

use std::sync::Arc;

use serde_json::{Value, json};
use server::Options;
use store::{Engine, MemoryKv};
use testkit::{Browser, CLIENT_ID, CLIENT_SECRET, IdentityProvider, Page, User, World, segment};

use crate::accounts::CLIENT;

/// Where browsers and the provider know the server.
const PUBLIC: &str = "https://chat.test.example";
/// A client that the operator vouches for.
const TRUSTED: &str = "https://client.test.example/app/";
/// One that nobody knows.
const STRANGE: &str = "https://strange.example.org/?a=b#/login";

fn provider(id: &str, at: &IdentityProvider) -> config::IdentityProvider {
    let text = format!(
        "id = \"{id}\"\nname = \"公司 Company\"\nbrand = \"company\"\nissuer = \"{}\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{CLIENT_SECRET}\"\n",
        at.issuer()
    );
    let parsed: config::Config =
        config::load(&format!("[server]\nname = \"a.example\"\npublic_base_url = \"{PUBLIC}\"\n[[single_sign_on.providers]]\n{text}"), &[])
            .expect("the provider is valid");
    parsed.single_sign_on.providers.unwrap().remove(0)
}

async fn world_with(
    at: &IdentityProvider,
    change: impl FnOnce(&mut config::IdentityProvider),
    options: Options,
) -> World {
    let mut company = provider("company", at);
    change(&mut company);
    let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
    let options = Options { engine: Some(engine), ..options };
    World::in_process(|config| configure(config, vec![company]), options).await
}

fn configure(config: &mut config::Config, providers: Vec<config::IdentityProvider>) {
    config.server.public_base_url = Some(PUBLIC.to_owned());
    config.outbound.allowed_ranges = vec!["127.0.0.0/8".to_owned()];
    config.single_sign_on.providers = Some(providers);
    config.single_sign_on.trusted_clients = vec![TRUSTED.to_owned()];
    config.single_sign_on.timeout_seconds = 2;
}

/// A server with one provider, and Alice at the keyboard.
async fn world() -> (World, IdentityProvider) {
    let at = IdentityProvider::start().await;
    at.seats(alice());
    (world_with(&at, |_| {}, Options::default()).await, at)
}

fn alice() -> Value {
    json!({
        "sub": "subject-of-alice", "sid": "session-of-alice", "name": "Alice 王", "preferred_username": "Alice",
        "email": "Alice@test.example", "email_verified": true,
    })
}

fn somebody(name: &str) -> Value {
    json!({"sub": format!("subject-of-{name}"), "sid": format!("session-of-{name}"), "preferred_username": name})
}

fn redirect(client: &str) -> String {
    format!("{CLIENT}/login/sso/redirect?redirectUrl={}", segment(client))
}

async fn signs_on(w: &World) -> Page {
    Browser::of(w, PUBLIC).opens(&redirect(TRUSTED)).await
}

/// The whole way: sign on in a browser, log in by the token.
async fn logs_in(w: &World) -> User {
    let page = signs_on(w).await;
    let token = page.login_token().unwrap_or_else(|| panic!("a token: {page:?}"));
    w.stranger().logs_in_by_token(&token).await
}

fn is_refused(page: &Page, status: u16, chinese: &str, english: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.text.contains(chinese) && page.text.contains(english), "{page:?}");
    assert!(page.login_token().is_none() && !page.text.contains("loginToken"), "{page:?}");
}
