use std::{path::PathBuf, sync::Arc};

use bridge_api::Secret;

use super::*;

fn helper(program: &str, library: &str) -> Helper {
    let settings = ArchiveSettings {
        secret: Secret::new("secret"),
        helper: PathBuf::from(program),
        library: PathBuf::from(library),
        private_keys: Vec::new(),
        proxy: String::new(),
        proxy_password: Secret::new(""),
        rooms: Vec::new(),
        direct_chats: false,
        own_robots: Vec::new(),
    };
    Helper::new("ww1".to_owned(), settings, Rng::seeded(1))
}

#[tokio::test]
async fn a_helper_that_is_not_there_is_named_with_what_to_do() {
    let error = helper("/nowhere/archive_helper", "/nowhere/library.so").sign_in().await;
    let Err(ArchiveError::Missing(words)) = error else { panic!("{error:?}") };
    assert!(words.contains("/nowhere/archive_helper") && words.contains("make -C"), "{words}");
}

#[tokio::test]
async fn a_program_that_is_no_helper_is_told_apart_and_not_started_again_at_once() {
    // It says back what it is told, and ends when nobody speaks to it.
    let helper = helper("/bin/cat", "-");
    let error = helper.sign_in().await;
    assert!(
        matches!(&error, Err(ArchiveError::Missing(words)) if words.contains("without sense")),
        "{error:?}"
    );
    let error = helper.entries(0, 1).await;
    assert!(matches!(&error, Err(ArchiveError::Helper(words)) if words.contains("in a moment")), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_helper_that_hangs_is_given_up_within_its_time() {
    let helper = Arc::new(helper("/bin/sleep", "1000"));
    let began = Instant::now();
    assert_eq!(helper.sign_in().await, Err(ArchiveError::Helper("it does not start".to_owned())));
    assert!(began.elapsed() >= START_TIME_MAX && helper.state.lock().await.running.is_none());
}

#[test]
fn pages_are_read_in_their_order_and_not_in_part() {
    let entry = |seq: u64| {
        format!(
            r#"{{"seq":{seq},"msgid":"m{seq}","publickey_ver":3,"encrypt_random_key":"a","encrypt_chat_msg":"b"}}"#
        )
    };
    let whole = format!(r#"{{"errcode":0,"errmsg":"ok","chatdata":[{},{}]}}"#, entry(9), entry(7));
    let read: Vec<_> = page(whole.as_bytes()).expect("a page").iter().map(|entry| entry.seq).collect();
    assert_eq!(read, [7, 9]);
    assert!(matches!(page(&whole.as_bytes()[..whole.len() - 9]), Err(ArchiveError::Helper(_))));
    assert_eq!(page(br#"{"errcode":301042}"#), Err(ArchiveError::Platform(301_042)));
    assert!(page(br#"{"errcode":0,"chatdata":[{"msgid":"m"}]}"#).is_err());
}
