//! Wrong files, built-in registrations, files added while the server runs.

use super::*;

fn registration(id: &str, more: &str) -> String {
    format!(
        "id: {id}\nurl: null\nas_token: a-{id}\nhs_token: h-{id}\nsender_localpart: bot_{id}\n\
         namespaces:\n  users:\n    - exclusive: true\n      regex: '@{id}_.*'\n{more}"
    )
}

async fn register(folder: &Path) -> Register {
    let name = OwnedServerName::try_from("example.org").unwrap();
    let register = Register::new(name, Vec::new(), Vec::new(), folder.to_owned());
    register.reload().await;
    register
}

#[tokio::test]
async fn a_wrong_file_disables_itself_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("1.yaml", registration("one", ""));
    write("2.yaml", "id: [".to_owned());
    write("3.yaml", registration("three", "").replace("h-three", "h-one"));
    write("4.yml", registration("four", "    - exclusive: true\n      regex: '@one_.*'\n"));
    write("5.yaml", registration("five", ""));
    write("note.txt", "not a registration".to_owned());
    let loaded = register(folder.path()).await.loaded();
    let ids: Vec<_> = loaded.services.iter().map(|service| service.id.as_str()).collect();
    assert_eq!(ids, ["one", "five"]);
    let refused: Vec<_> = loaded.refused.iter().map(|refused| refused.reason.as_str()).collect();
    assert!(refused[0].contains("cannot be read"), "{refused:?}");
    assert!(refused[1].contains("hs_token is also that of the application service `one`"), "{refused:?}");
    assert!(refused[2].contains("`@one_.*`"), "{refused:?}");
    assert_eq!(refused.len(), 3);
}

#[tokio::test]
async fn of_two_that_claim_one_id_the_later_one_is_disabled_and_told_which() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("1.yaml", registration("irc", ""));
    write("2.yaml", registration("two", "    - exclusive: true\n      regex: '@(xmpp|irc_staff)_.*'\n"));
    write("3.yaml", registration("three", "  aliases:\n    - exclusive: true\n      regex: '#irc_.*'\n"));
    write("4.yaml", registration("four", "  aliases:\n    - exclusive: true\n      regex: '#.*_help:.*'\n"));
    write("5.yaml", registration("five", "    - exclusive: false\n      regex: '@irc_staff_.*'\n"));
    let register = register(folder.path()).await;
    let loaded = register.loaded();
    let ids: Vec<_> = loaded.services.iter().map(|service| service.id.as_str()).collect();
    assert_eq!(ids, ["irc", "three", "five"]);
    let reasons: Vec<_> = loaded.refused.iter().map(|refused| refused.reason.as_str()).collect();
    let expected = [
        "namespaces.users: the exclusive pattern `@(xmpp|irc_staff)_.*` of `two` and the exclusive pattern `@irc_.*` of \
         the application service `irc` both match `@irc_staff_:example.org`",
        "namespaces.aliases: the exclusive pattern `#.*_help:.*` of `four` and the exclusive pattern `#irc_.*` of the \
         application service `three` both match `#irc_help:example.org`",
    ];
    assert_eq!(reasons, expected);
    let added = register.add(&registration("irc_x", "")).await.unwrap_err();
    assert!(added.to_string().contains("`@irc_x_:example.org`"), "{added}");
}

#[tokio::test]
async fn what_is_built_in_comes_first_and_outlives_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1.yaml"), registration("one", "")).unwrap();
    let name = OwnedServerName::try_from("example.org").unwrap();
    let built_in = vec![registration("one", ""), "not: one".to_owned()];
    let register = Register::new(name, built_in, Vec::new(), folder.path().to_owned());
    for _ in 0..2 {
        let loaded = register.reload().await;
        assert_eq!(loaded.services.len(), 1);
        let refused: Vec<_> = loaded.refused.iter().map(|refused| refused.file.as_path()).collect();
        assert_eq!(refused, [Path::new(BUILT_IN), &folder.path().join("1.yaml")]);
    }
    assert!(register.add(&registration("one", "")).await.is_err(), "its id is taken");
}

#[tokio::test]
async fn a_registration_can_be_added_and_changed_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("appservices");
    let register = register(&own).await;
    let mut changes = register.changes();
    register.add(&registration("irc/../../x", "").replace("bot_irc/../../x", "bot")).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert!(register.loaded().by_token("a-irc/../../x").is_some());
    assert!(register.loaded().by_token("a-irc").is_none());
    assert_eq!(std::fs::read_dir(&own).unwrap().count(), 1, "the file lies in the folder");
    register
        .add(&registration("irc/../../x", "rate_limited: true\n").replace("bot_irc/../../x", "bot"))
        .await
        .unwrap();
    assert!(register.loaded().by_id("irc/../../x").unwrap().is_rate_limited);
    let taken = registration("other", "").replace("a-other", "a-irc/../../x");
    assert!(register.add(&taken).await.is_err());
    assert_eq!(register.reload().await.services.len(), 1);
}
