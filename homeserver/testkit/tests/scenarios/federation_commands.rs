//! What an operator does about other servers from outside of the process: the check of a named server, and a policy
//! that is read again.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;
use testkit::{Authority, Peer, ServerProcess, User, free_port};
use tokio::net::TcpListener;

use crate::accounts::login;

const POLICY: &str = "/_lianqiao/admin/v1/federation/policy";

/// A peer whose name is its address, and the settings by which a server trusts it.
async fn peer() -> (Peer, Authority, String) {
    let authority = Authority::new(&["127.0.0.1".to_owned()]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap().to_string();
    let peer = Peer::listening(listener, name, &authority, BTreeMap::new());
    let settings = format!(
        "[outbound]\nallowed_ranges = [\"127.0.0.0/8\"]\nauthorities_file = {:?}\n\
         [federation]\ndenied_servers = [\"denied.test\"]\n",
        authority.authority_file()
    );
    (peer, authority, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_step_by_step_what_works_with_a_named_server() {
    let (peer, _authority, settings) = peer().await;
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path(), free_port(), &settings).await;
    let check = async |name: &str| server.commands(&["federation", "check", name]).await;
    peer.answers("/version", 200, json!({ "server": { "name": "Peer", "version": "7" } }));

    let (works, said) = check(peer.name()).await;
    for expected in
        ["its name is an address", "\"Peer\"", "its signing keys are ed25519:1", "believes our signature"]
    {
        assert!(works && said.contains(expected), "{expected}: {said}");
    }
    assert!(peer.asked().iter().any(|asked| asked.contains("/query/directory")), "{:?}", peer.asked());

    // A partner that is kept from the directory is a partner all the same.
    let refusal = |code: &str| json!({ "errcode": code, "error": "not for you" });
    peer.answers("/query/directory", 403, refusal("M_FORBIDDEN"));
    let (works, said) = check(peer.name()).await;
    assert!(works && said.contains("does not show us its directory"), "{said}");
    peer.answers("/query/", 403, refusal("M_FORBIDDEN"));
    let (works, said) = check(peer.name()).await;
    assert!(!works && said.contains("its operator has to allow test.example"), "{said}");
    peer.answers("/query/", 401, refusal("M_UNAUTHORIZED"));
    let (works, said) = check(peer.name()).await;
    assert!(!works && said.contains("does not take our signed requests"), "{said}");

    let (works, said) = check("denied.test").await;
    assert!(!works && said.contains("[federation] does not allow denied.test"), "{said}");
    let (works, said) = check("127.0.0.1:1").await;
    assert!(!works && said.contains("look at its port and its certificate"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_read_again_counts_at_once_and_stands_in_the_audit_stream() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(directory.path(), free_port(), "").await;
    let (created, said) =
        server.commands(&["user", "create", "root", "--admin", "--password", "roots"]).await;
    assert!(created, "{said}");
    let session = login(&server.stranger(), "root", "roots").await.ok();
    let root: User = server.stranger().with_token(session["access_token"].as_str().unwrap());
    assert_eq!(root.get(POLICY).await.ok()["policy"]["mode"], "open");

    let file = directory.path().join("lianqiao.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let changed = "[federation]\npolicy = \"listed\"\nallowed_servers = [\"*.friend.test\"]\n";
    std::fs::write(&file, format!("{settings}{changed}")).unwrap();
    let process = server.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    let now = root.gets_until(POLICY, |body| body["policy"]["mode"] == "listed").await;
    assert_eq!(now["policy"]["allowed"], json!(["*.friend.test"]));
    assert_eq!(now["overrides_configuration"], false);
    let audit = root.get("/_lianqiao/admin/v1/audit?limit=100").await.ok();
    let acts = audit["entries"].as_array().unwrap();
    assert!(
        acts.iter().any(|act| act["actor"] == "operator" && act["action"] == "reload federation policy"),
        "{audit}"
    );
}
