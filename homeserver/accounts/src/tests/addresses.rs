use ruma::{OwnedUserId, api::client::uiaa::AuthData};
use serde_json::json;

use super::{Fixture, PASSWORD, fixture_with, open_settings};
use crate::{
    AccountError, AccountSettings, AddressProofRequest, AddressPurpose, DeviceChoice, LoginName, NewUser,
    Operation, ProofLetter, UiaError, limits::ADDRESS_PROOF_MS,
};

async fn fixture() -> Fixture {
    fixture_with(AccountSettings { email: true, ..open_settings() }).await
}

fn request(purpose: AddressPurpose, user: Option<&OwnedUserId>, address: &str) -> AddressProofRequest {
    AddressProofRequest {
        purpose,
        user: user.cloned(),
        address: address.to_owned(),
        client_secret: "secret".to_owned(),
        send_attempt: 1,
        next_link: None,
    }
}

/// Begins a session and opens its link.
async fn prove(f: &Fixture, request: &AddressProofRequest) -> String {
    let begun = f.accounts.begin_address_proof(request).await.unwrap();
    let Some(ProofLetter::Link { token }) = begun.letter else { panic!("no link in {begun:?}") };
    f.accounts.confirm_address(&begun.sid, &token).await.unwrap();
    begun.sid
}

async fn owner(f: &Fixture, name: &str, address: &str) -> OwnedUserId {
    let user = f.user(name).await;
    let sid = prove(f, &request(AddressPurpose::Add, Some(&user), address)).await;
    f.accounts.add_address(&user, &sid, "secret").await.unwrap();
    user
}

fn stage(sid: &str, secret: &str) -> AuthData {
    let credentials = json!({ "sid": sid, "client_secret": secret });
    let auth = json!({ "type": "m.login.email.identity", "threepid_creds": credentials });
    serde_json::from_value(auth).unwrap()
}

fn is_not_proved<T>(result: Result<T, AccountError>) -> bool {
    matches!(result, Err(AccountError::AddressNotProved))
}

#[tokio::test]
async fn an_address_is_proved_once_and_belongs_to_one_account() {
    let f = fixture().await;
    let alice = owner(&f, "alice", "Alice@Example.org").await;
    assert_eq!(f.accounts.addresses(&alice).await.unwrap()[0].address, "alice@example.org");
    assert_eq!(f.accounts.owner_of_address(" ALICE@example.org").await.unwrap(), Some(alice.clone()));
    // Whoever asks learns nothing; the owner of the mailbox does.
    let bob = f.user("bob").await;
    let wanted = request(AddressPurpose::Add, Some(&bob), "alice@example.org");
    let begun = f.accounts.begin_address_proof(&wanted).await.unwrap();
    assert_eq!(begun.letter, Some(ProofLetter::InUse));
    assert!(f.accounts.remove_address(&alice, "alice@example.org").await.unwrap());
    assert!(!f.accounts.remove_address(&alice, "alice@example.org").await.unwrap());
    let name = LoginName::Email("alice@example.org".to_owned());
    let found = f.accounts.login_with_password(&name, PASSWORD, &DeviceChoice::default()).await;
    assert!(matches!(found, Err(AccountError::WrongCredentials)));
}

#[tokio::test]
async fn t22_a_link_works_once_and_not_for_ever() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let wanted = request(AddressPurpose::Add, Some(&alice), "alice@example.org");
    let begun = f.accounts.begin_address_proof(&wanted).await.unwrap();
    let Some(ProofLetter::Link { token }) = begun.letter else { panic!("no link") };
    assert!(is_not_proved(f.accounts.add_address(&alice, &begun.sid, "secret").await), "before the link");
    assert!(is_not_proved(f.accounts.confirm_address(&begun.sid, "lqe_wrong").await));
    assert!(is_not_proved(f.accounts.confirm_address("wrong", &token).await));
    f.accounts.confirm_address(&begun.sid, &token).await.unwrap();
    assert!(is_not_proved(f.accounts.confirm_address(&begun.sid, &token).await), "a second time");
    f.accounts.add_address(&alice, &begun.sid, "secret").await.unwrap();
    assert!(is_not_proved(f.accounts.add_address(&alice, &begun.sid, "secret").await), "spent");

    let wanted = request(AddressPurpose::Add, Some(&alice), "b@example.org");
    let begun = f.accounts.begin_address_proof(&wanted).await.unwrap();
    let Some(ProofLetter::Link { token }) = begun.letter else { panic!("no link") };
    f.clock.advance(ADDRESS_PROOF_MS + 1);
    assert!(is_not_proved(f.accounts.confirm_address(&begun.sid, &token).await), "too old");
    assert_eq!(f.accounts.forget_address_proofs().await.unwrap(), 1);
    assert_eq!(f.accounts.forget_address_proofs().await.unwrap(), 0);
}

#[tokio::test]
async fn t22_a_proof_serves_its_user_its_secret_and_its_purpose_alone() {
    let f = fixture().await;
    let (alice, bob) = (f.user("alice").await, f.user("bob").await);
    let sid = prove(&f, &request(AddressPurpose::Add, Some(&alice), "alice@example.org")).await;
    assert!(is_not_proved(f.accounts.add_address(&bob, &sid, "secret").await), "another user");
    assert!(is_not_proved(f.accounts.add_address(&alice, &sid, "guess").await), "another secret");
    for purpose in [AddressPurpose::Register, AddressPurpose::ResetPassword] {
        let proof = f.accounts.address_proof(purpose, None, &sid, "secret").await;
        assert!(is_not_proved(proof), "{purpose:?}");
    }
    let sid = prove(&f, &request(AddressPurpose::Register, None, "new@example.org")).await;
    let auth = stage(&sid, "secret");
    let reset = f.accounts.password_reset_interactive(Operation::new("reset"), Some(&auth)).await;
    assert!(matches!(reset, Err(UiaError::Challenge(_))), "a proof for registering resets no password");
}

#[tokio::test]
async fn t22_a_reset_reaches_the_owner_of_the_address_and_is_spent() {
    let f = fixture().await;
    let alice = owner(&f, "alice", "alice@example.org").await;
    let bob = owner(&f, "bob", "bob@example.org").await;
    let sid = prove(&f, &request(AddressPurpose::ResetPassword, None, "alice@example.org")).await;
    let again = || f.accounts.password_reset_interactive(Operation::new("reset"), None);
    assert!(matches!(again().await, Err(UiaError::Challenge(_))));
    let auth = stage(&sid, "secret");
    let proof = f.accounts.password_reset_interactive(Operation::new("reset"), Some(&auth)).await.unwrap();
    assert_eq!(f.accounts.reset_password(&proof, "new password").await.unwrap(), alice);
    assert!(f.accounts.is_password(&alice, "new password").await.unwrap());
    assert!(f.accounts.is_password(&bob, PASSWORD).await.unwrap(), "nobody else's");
    assert!(is_not_proved(f.accounts.reset_password(&proof, "newer password").await), "reused");
    // An address that changed hands, or was given up, resets nothing.
    let sid = prove(&f, &request(AddressPurpose::ResetPassword, None, "bob@example.org")).await;
    let proof = f.accounts.address_proof(AddressPurpose::ResetPassword, None, &sid, "secret").await.unwrap();
    f.accounts.remove_address(&bob, "bob@example.org").await.unwrap();
    assert!(is_not_proved(f.accounts.reset_password(&proof, "new password").await));
}

#[tokio::test]
async fn t22_an_unknown_address_gets_a_session_that_nothing_opens() {
    let f = fixture().await;
    let wanted = request(AddressPurpose::ResetPassword, None, "nobody@example.org");
    let begun = f.accounts.begin_address_proof(&wanted).await.unwrap();
    assert!(begun.letter.is_none() && !begun.sid.is_empty());
    assert!(is_not_proved(f.accounts.confirm_address(&begun.sid, "").await));
    assert!(is_not_proved(
        f.accounts.address_proof(AddressPurpose::ResetPassword, None, &begun.sid, "secret").await
    ));
}

#[tokio::test]
async fn t22_an_account_without_password_opens_for_no_password() {
    let f = fixture().await;
    let new = NewUser { localpart: "bridge".to_owned(), password: None, admin: false, display_name: None };
    let bridge = f.accounts.create_user(new).await.unwrap();
    for password in ["", " ", "null", PASSWORD] {
        assert!(!f.accounts.is_password(&bridge, password).await.unwrap());
        let name = LoginName::User("bridge".to_owned());
        let login = f.accounts.login_with_password(&name, password, &DeviceChoice::default()).await;
        assert!(matches!(login, Err(AccountError::WrongCredentials)));
    }
}

#[tokio::test]
async fn asking_again_sends_no_letter_unless_the_client_counts_up() {
    let f = fixture().await;
    let mut wanted = request(AddressPurpose::Register, None, "new@example.org");
    let first = f.accounts.begin_address_proof(&wanted).await.unwrap();
    let same = f.accounts.begin_address_proof(&wanted).await.unwrap();
    assert_eq!((same.sid.clone(), same.letter), (first.sid.clone(), None));
    wanted.send_attempt = 2;
    let second = f.accounts.begin_address_proof(&wanted).await.unwrap();
    assert_eq!(second.sid, first.sid);
    assert!(matches!(second.letter, Some(ProofLetter::Link { .. })));
    for (field, value) in [("secret", "with space"), ("secret", ""), ("link", "javascript:alert(1)")] {
        let mut bad = wanted.clone();
        match field {
            "secret" => bad.client_secret = value.to_owned(),
            _ => bad.next_link = Some(value.to_owned()),
        }
        assert!(matches!(f.accounts.begin_address_proof(&bad).await, Err(AccountError::InvalidParameter(_))));
    }
}

#[tokio::test]
async fn a_closed_account_keeps_no_address() {
    let f = fixture().await;
    let alice = owner(&f, "alice", "alice@example.org").await;
    f.accounts.deactivate(&alice, false).await.unwrap();
    assert_eq!(f.accounts.owner_of_address("alice@example.org").await.unwrap(), None);
    let bob = owner(&f, "bob", "alice@example.org").await;
    assert_eq!(f.accounts.owner_of_address("alice@example.org").await.unwrap(), Some(bob));
}
