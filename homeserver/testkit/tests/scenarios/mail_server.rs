//! Letters on their way to a mail server that wants TLS and a login, from the real binary.

use serde_json::json;
use testkit::{Mailbox, Protection, ServerProcess, free_port};

const LOGIN: (&str, &str) = ("lianqiao", "a mail's secret");

/// A server that sends its letters to the mailbox, and trusts its certificate if that is said.
async fn server(
    directory: &std::path::Path,
    mailbox: &Mailbox,
    security: &str,
    password: &str,
    trusts: bool,
) -> ServerProcess {
    let mail = format!(
        r#"[mail]
host = "127.0.0.1"
port = {}
security = "{security}"
user = "{}"
password = "{password}"
from = "Lianqiao <chat@example.org>"
"#,
        mailbox.port(),
        LOGIN.0,
    );
    let mut server = ServerProcess::prepare(directory, free_port(), &mail);
    let trusted = directory.join("trusted.pem");
    let certificate = if trusts {
        mailbox.certificate().to_owned()
    } else {
        // Somebody else's: a list without any certificate would count as none given.
        Mailbox::start().await.certificate().to_owned()
    };
    std::fs::write(&trusted, certificate).unwrap();
    server.set_environment("SSL_CERT_FILE", trusted);
    server.set_environment("LIANQIAO__SERVER__PUBLIC_BASE_URL", "https://chat.example.org");
    server.spawn().await;
    server
}

/// Asks for a letter; the answer does not wait for it.
async fn asks(server: &ServerProcess) {
    let body = json!({"client_secret": "s3cret", "email": "alice@example.org", "send_attempt": 1});
    let path = "/_matrix/client/v3/register/email/requestToken";
    server.stranger().post(path, body).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_by_starttls_or_tls_with_a_login() {
    for (protection, security) in [(Protection::Starttls, "starttls"), (Protection::Tls, "tls")] {
        let mailbox = Mailbox::start_with(protection, Some(LOGIN)).await;
        let directory = tempfile::tempdir().unwrap();
        let server = server(directory.path(), &mailbox, security, LOGIN.1, true).await;
        asks(&server).await;
        let letter = mailbox.receives().await;
        assert_eq!((letter.protected, letter.login.as_deref()), (true, Some(LOGIN.0)), "{security}");
        assert_eq!(letter.to, "alice@example.org");
        assert!(letter.link().starts_with("/_lianqiao/"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_hands_no_letter_over() {
    let mailbox = Mailbox::start_with(Protection::Starttls, Some(LOGIN)).await;
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &mailbox, "starttls", "not the secret", true).await;
    asks(&server).await;
    let heard = mailbox.hears_in_vain().await;
    assert_eq!(heard[..4], ["EHLO", "STAR", "EHLO", "AUTH"]);
    assert_eq!(mailbox.waiting(), 0);
}

/// Neither password nor letter goes over a connection that turned out to be in the clear, or to a stranger.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_mail_server_without_starttls_or_with_a_strange_certificate() {
    for (protection, trusts) in [(Protection::None, true), (Protection::Starttls, false)] {
        let mailbox = Mailbox::start_with(protection, Some(LOGIN)).await;
        let directory = tempfile::tempdir().unwrap();
        let server = server(directory.path(), &mailbox, "starttls", LOGIN.1, trusts).await;
        asks(&server).await;
        let heard = mailbox.hears_in_vain().await;
        for command in ["AUTH", "MAIL", "DATA"] {
            assert!(!heard.iter().any(|heard| heard == command), "{protection:?}: {heard:?}");
        }
        assert_eq!(mailbox.waiting(), 0);
    }
}
