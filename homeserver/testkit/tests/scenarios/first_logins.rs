//! People of a staff list come in by links that the command line gives, through the real binary.

use serde_json::json;
use testkit::ServerProcess;

use crate::approvals::{imports, with_bots};

const STAFF: &str = "工号,姓名,部门,账号,角色\n\
    1,赵六,总部,zhaoliu,org_admin\n\
    2,张三,总部/销售部,,\n\
    3,Meet,总部/销售部,,\n";

/// The link of this localpart in a table.
fn link_of(table: &str, localpart: &str) -> String {
    let line = table.lines().find(|line| line.starts_with(&format!("{localpart},"))).expect("a line");
    let link = line.split(',').nth(2).unwrap();
    link[link.find("/_lianqiao/").unwrap()..].to_owned()
}

async fn sets_password(server: &ServerProcess, link: &str) -> u16 {
    let (path, query) = link.split_once('?').unwrap();
    let form = format!("{query}&password=a-password&again=a-password");
    server.stranger().request_raw(http::Method::POST, path, Some(form.into_bytes())).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_gives_links_to_whoever_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let server = with_bots(directory.path()).await;
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let (succeeded, table) = server.commands(&["org", "link", "--new"]).await;
    assert!(succeeded, "{table}");
    assert!(table.starts_with("localpart,name,link,mailed_to\n"), "{table}");
    let link = link_of(&table, "zhangsan");
    link_of(&table, "meet2");
    assert_eq!(sets_password(&server, &link).await, 200);
    let login = json!({ "type": "m.login.password", "password": "a-password",
        "identifier": { "type": "m.id.user", "user": "zhangsan" } });
    server.stranger().post("/_matrix/client/v3/login", login).await.ok();

    let (succeeded, said) = server.commands(&["org", "link", "--new"]).await;
    assert!(succeeded && said.contains("Nobody needs a link"), "{said}");
    // Who needs one and gets none is said, and only that.
    let (succeeded, said) = server.commands(&["user", "lock", "zhaoliu"]).await;
    assert!(succeeded, "{said}");
    let (succeeded, said) = server.commands(&["org", "link", "--new"]).await;
    assert!(succeeded && said.contains("@zhaoliu:") && said.contains("the account is locked"), "{said}");
    assert!(!said.contains("Nobody needs a link"), "{said}");
    let (succeeded, said) = server.commands(&["user", "unlock", "zhaoliu"]).await;
    assert!(succeeded, "{said}");
    let (succeeded, said) = server.commands(&["org", "link", "2"]).await;
    assert!(!succeeded && said.contains("has logged in already"), "{said}");
    // A new link voids the one before.
    let (succeeded, again) = server.commands(&["org", "link", "赵六"]).await;
    assert!(succeeded, "{again}");
    assert_eq!(sets_password(&server, &link_of(&table, "zhaoliu")).await, 404);
    assert_eq!(sets_password(&server, &link_of(&again, "zhaoliu")).await, 200);
}
