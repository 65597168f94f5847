//! The transcripts of the bot's pages are played, line by line.

use kit::double::{Cast, transcripts};

use super::*;

const PAGES: [&str; 2] = [include_str!("../../README.zh-CN.md"), include_str!("../../README.md")];

/// Who speaks English on the second page; the second of them may change the organisation.
const MORE: &str = "工号,姓名,部门,账号,语言,角色\n\
    4,Ann,总部/市场部,ann,en,\n\
    5,Eva,总部/市场部,eva,en,org_admin\n";

fn account(name: &str) -> String {
    let localpart = match name {
        "赵六" => "zhaoliu",
        "李四" => "lisi",
        "张三" => "zhangsan",
        other => return format!("@{}:test", other.to_lowercase()),
    };
    format!("@{localpart}:test")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transcripts_of_the_pages_are_true() {
    let mut lines = 0;
    for page in PAGES {
        for transcript in transcripts(page) {
            let mut stage = office().await;
            imports(&mut stage, MORE).await;
            stage.plays(&Cast { bot: LOCALPART, account, taps: "" }, transcript).await;
            lines += transcript.lines().count();
        }
    }
    assert!(lines > 30, "only {lines} lines were played");
}
