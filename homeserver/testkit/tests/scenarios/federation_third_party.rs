//! Invites by an address: an identity server vouches for whose it is.

use http::Method;
use ruma::CanonicalJsonObject;
use ruma::serde::Base64;
use ruma::signatures::{Ed25519KeyPair, sign_json};
use serde_json::{Value, json};
use testkit::{Answer, Neighbourhood, Peer, User, World, segment};

const TOKEN: &str = "the-token";

/// An identity server as far as anybody hears of it: a key.
struct IdentityServer(Ed25519KeyPair);

impl IdentityServer {
    fn new() -> Self {
        Self(Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), "0".to_owned()).unwrap())
    }

    fn public_key(&self) -> String {
        Base64::<ruma::serde::base64::Standard, _>::new(self.0.public_key().to_vec()).encode()
    }

    /// The proof that the invited address is this user's.
    fn vouches(&self, user: &str) -> Value {
        let proof = json!({ "mxid": user, "token": TOKEN });
        let mut object: CanonicalJsonObject = serde_json::from_value(proof).unwrap();
        sign_json("identity.test", &self.0, &mut object).unwrap();
        serde_json::to_value(object).unwrap()
    }
}

/// A private room of alice's into which an address is invited.
async fn room_with_invited_address(alice: &User, identity: &IdentityServer) -> String {
    let room = alice.creates_room_like(json!({ "preset": "private_chat", "name": "Study" })).await.room_id();
    let other = IdentityServer::new();
    let content = json!({
        "display_name": "b...@example.org",
        "public_key": other.public_key(),
        "key_validity_url": "https://identity.test/isvalid",
        "public_keys": [{ "public_key": identity.public_key() }],
    });
    alice.sets_state(&room, "m.room.third_party_invite", TOKEN, content).await.ok();
    room
}

/// What an identity server tells a homeserver when somebody proved an address.
async fn hears_of(
    peer: &Peer,
    world: &World,
    alice: &User,
    room: &str,
    user: &str,
    signed: &Value,
) -> Answer {
    let (medium, address) = ("email", "bob@example.org");
    let invite = json!({
        "medium": medium, "address": address, "mxid": user, "room_id": room, "sender": alice.id, "signed": signed,
    });
    let body = json!({ "medium": medium, "address": address, "mxid": user, "invites": [invite] });
    peer.asks(world, Method::PUT, "/_matrix/federation/v1/3pid/onbind", Some(body)).await
}

#[tokio::test]
async fn whoever_proves_an_address_gets_the_invites_that_waited_for_it() {
    let neighbourhood = Neighbourhood::new(&["a", "b", "identity"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let b = neighbourhood.server("b", |_| {}).await;
    let ([alice, carol], [bob]) = (a.users(["alice", "carol"]).await, b.users(["bob"]).await);
    let (identity, peer) = (IdentityServer::new(), Peer::start(&neighbourhood, "identity").await);
    // One lives with the inviter and one does not.
    for (world, user) in [(&b, &bob), (&a, &carol)] {
        let room = room_with_invited_address(&alice, &identity).await;
        hears_of(&peer, world, &alice, &room, &user.id, &identity.vouches(&user.id)).await.ok();
        let shown = user.waits_for_invite(&room).await;
        let events = shown["invite_state"]["events"].as_array().unwrap();
        let invite = events.iter().find(|event| event["state_key"] == user.id).unwrap();
        assert_eq!(invite["content"]["third_party_invite"]["signed"]["token"], TOKEN, "{invite}");
        assert_eq!(invite["content"]["third_party_invite"]["display_name"], "b...@example.org");
        user.joins(&room).await.ok();
        let hello = user.sends(&room, "hello").await.event_id();
        alice.waits_for_event(&room, &hello).await;
    }
}

#[tokio::test]
async fn a_proof_that_is_not_of_the_invite_invites_nobody() {
    let neighbourhood = Neighbourhood::new(&["a", "b", "identity", "eve"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let b = neighbourhood.server("b", |_| {}).await;
    let ([alice, carol], [bob]) = (a.users(["alice", "carol"]).await, b.users(["bob"]).await);
    let (identity, eve) = (IdentityServer::new(), Peer::start(&neighbourhood, "eve").await);
    let room = room_with_invited_address(&alice, &identity).await;

    // The identity server's word is forged: it is heard and nothing comes of it.
    let forged = IdentityServer::new().vouches(&bob.id);
    hears_of(&eve, &b, &alice, &room, &bob.id, &forged).await.ok();
    hears_of(&eve, &b, &alice, &room, &alice.id, &forged).await.fails_as(400, "M_INVALID_PARAM");

    let mallory = eve.user("mallory");
    let path = format!("/_matrix/federation/v1/exchange_third_party_invite/{}", segment(&room));
    let exchange = async |sender: &str, target: &str, signed: Value| {
        let third_party = json!({ "display_name": "x", "signed": signed });
        let body = json!({
            "type": "m.room.member", "room_id": room, "sender": sender, "state_key": target,
            "content": { "membership": "invite", "third_party_invite": third_party },
        });
        eve.asks(&a, Method::PUT, &path, Some(body)).await
    };
    let good = identity.vouches(&mallory);
    exchange(&alice.id, &mallory, IdentityServer::new().vouches(&mallory)).await.fails_as(403, "M_FORBIDDEN");
    exchange(&alice.id, &mallory, identity.vouches(&bob.id)).await.fails_as(403, "M_FORBIDDEN");
    exchange(&carol.id, &mallory, good.clone()).await.fails_as(403, "M_FORBIDDEN");
    exchange(&mallory, &mallory, good.clone()).await.fails_as(403, "M_FORBIDDEN");
    exchange(&alice.id, &bob.id, identity.vouches(&bob.id)).await.fails_as(403, "M_FORBIDDEN");
    let mut changed = good.clone();
    changed["token"] = json!("another");
    exchange(&alice.id, &mallory, changed).await.fails_as(403, "M_FORBIDDEN");
    assert!(!eve.asked().iter().any(|asked| asked.contains("/invite/")), "{:?}", eve.asked());

    // Taken back is taken back.
    alice.sets_state(&room, "m.room.third_party_invite", TOKEN, json!({})).await.ok();
    exchange(&alice.id, &mallory, good).await.fails_as(403, "M_FORBIDDEN");
    let nothing = bob.syncs().await;
    assert!(nothing["rooms"]["invite"].get(&room).is_none(), "{nothing}");
}
