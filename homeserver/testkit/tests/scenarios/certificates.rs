//! Certificates from an authority that speaks ACME. The authority is Pebble, the test server of Let's Encrypt, as a
//! process of its own: it checks our signatures and connects to our listener before it issues anything.

use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use testkit::limits::{LOOK_INTERVAL, WORK_PATIENCE};
use testkit::{Authority, World, free_port};
use tokio::time::{Instant, sleep};

/// The domain that the certificate is for. It resolves on every machine.
const DOMAIN: &str = "localhost";

/// A running Pebble. Killed when dropped.
struct Pebble {
    child: Child,
    authority: Authority,
    /// The listener that domains are proven on.
    proof_port: u16,
    directory_url: String,
    management_url: String,
    _folder: TempDir,
}

impl Pebble {
    fn start() -> Self {
        let authority = Authority::new(&[DOMAIN.to_owned()]);
        let folder = tempfile::tempdir().unwrap();
        let (port, proof_port) = (free_port(), free_port());
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{}", port + 1),
            "certificate": authority.certificate_file(),
            "privateKey": authority.key_file(),
            "httpPort": 1,
            "tlsPort": proof_port,
        }});
        let config_file = folder.path().join("pebble.json");
        std::fs::write(&config_file, config.to_string()).unwrap();
        let child = Command::new("pebble")
            .arg("-config")
            .arg(&config_file)
            .env("PEBBLE_VA_NOSLEEP", "1")
            // By default it refuses one good nonce in twenty; each would cost a new try after a longer pause.
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Pebble starts; `config/setup tests` installs it");
        Self {
            child,
            authority,
            proof_port,
            directory_url: format!("https://{DOMAIN}:{port}/dir"),
            management_url: format!("https://{DOMAIN}:{}", port + 1),
            _folder: folder,
        }
    }

    /// The root that everything it issues hangs from; another one at each start.
    async fn root(&self) -> String {
        let own = std::fs::read_to_string(self.authority.authority_file()).unwrap();
        answer_of(&client_trusting(&own), &format!("{}/roots/0", self.management_url)).await
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that believes certificates of this authority and no other.
fn client_trusting(root_pem: &str) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(root_pem.as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap()
}

/// What is answered there as soon as a trusted connection can be made.
async fn answer_of(client: &reqwest::Client, url: &str) -> String {
    let deadline = Instant::now() + WORK_PATIENCE;
    loop {
        match client.get(url).send().await {
            Ok(answer) if answer.status().is_success() => return answer.text().await.unwrap(),
            Ok(answer) => panic!("{url}: {}", answer.status()),
            Err(error) => assert!(Instant::now() < deadline, "{url}: {error:?}"),
        }
        sleep(LOOK_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_obtained_and_kept_for_the_next_start() {
    let mut pebble = Pebble::start();
    let root = pebble.root().await;
    let mut w = World::configured(|config| {
        config.listeners.client_tls = vec![format!("127.0.0.1:{}", pebble.proof_port)];
        config.acme.enabled = true;
        config.acme.domains = vec![DOMAIN.to_owned()];
        config.acme.contact = Some("operator@example.org".to_owned());
        config.acme.directory_url.clone_from(&pebble.directory_url);
        let authorities = pebble.authority.authority_file().to_string_lossy().into_owned();
        config.outbound.authorities_file = Some(authorities);
    })
    .await;
    let url = format!("https://{DOMAIN}:{}/_matrix/client/versions", pebble.proof_port);
    let versions = answer_of(&client_trusting(&root), &url).await;
    assert!(versions.contains("v1.11"), "{versions}");

    let folder = w.data_directory().join("acme");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&folder).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "the keys are nobody else's");

    w.stops().await;
    pebble.child.kill().unwrap();
    w.starts_again().await;
    let again = answer_of(&client_trusting(&root), &url).await;
    assert_eq!(again, versions, "the certificate of before serves, though the authority is gone");
}
