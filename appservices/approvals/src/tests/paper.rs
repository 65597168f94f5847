//! Cases on paper.

use cases::Verified;
use kit::texts::{Lang, Pen, Texts};
use people::PersonId;
use serde_json::json;

use super::{
    law::{Play, step, users},
    talk::{card, chat, office},
};
use crate::{
    TEXTS,
    act::Action,
    instance::{Decided, Task},
    limits::{DETAIL_LINES_MAX, PAPER_LINES_MAX, REASON_BYTES_MAX, TASKS_MAX},
    paper::{Line, Printing, paper_of, written},
    template::{Form, Value},
};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";

/// The text of a file that our writer wrote: what its pages show, a line each.
fn text_of(file: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = file;
    while let Some(end) = rest.windows(2).position(|two| two == b"Tj") {
        let shown = &rest[..end];
        if let Some(string) = last_string(shown) {
            let codes: Vec<u16> =
                string.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
            lines.push(String::from_utf16(&codes).unwrap());
        }
        rest = &rest[end + 2..];
    }
    lines
}

/// The last string of some operators, in either notation.
fn last_string(operators: &[u8]) -> Option<Vec<u8>> {
    let operators = operators.trim_ascii_end();
    if let Some(hexadecimal) = operators.strip_suffix(b">") {
        let start = hexadecimal.iter().rposition(|byte| *byte == b'<')?;
        let digits = std::str::from_utf8(&hexadecimal[start + 1..]).ok()?;
        return (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
            .collect();
    }
    let begin = operators.windows(4).position(|four| four == b"Td\n(" || four == b"Td (")? + 4;
    let inner = operators.get(begin..operators.len() - 1)?;
    let mut string = Vec::new();
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        string.push(match byte {
            b'\\' => match bytes.next()? {
                digit @ b'0'..=b'7' => {
                    let digits = [*digit, *bytes.next()?, *bytes.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?
                }
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 8,
                b'f' => 12,
                other => *other,
            },
            other => *other,
        });
    }
    Some(string)
}

#[tokio::test]
async fn an_export_is_on_paper_as_well_with_who_decided_what_and_the_ends_of_the_chain() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-12 事假 家里有事");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.replies(LISI, &desk, &mine, "同意 早去早回");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let sent = stage.newest(&room, |body| body == "AP-20261105-0001 的审批单 (PDF)");
    let file = stage.file(&room, &sent);
    assert!(file.starts_with(b"%PDF-1.7") && file.trim_ascii_end().ends_with(b"%%EOF"));
    let lines = text_of(&file);
    let shown = lines.join("\n");
    for line in [
        "AP-20261105-0001 请假",
        "状态: 已通过",
        "申请人: 张三 (总部/销售部)",
        "日期: 2026-11-10 – 2026-11-12 (3天)",
        "事由: 家里有事",
        "n1 · 李四 · 同意 · 2026-11-05 09:00 · Matrix · 早去早回",
        "条数: 3",
        "AP-20261105-0001 · 第 1/1 页",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {shown}");
    }
    let export = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let export = String::from_utf8(stage.file(&room, &export)).unwrap();
    let case: serde_json::Value = serde_json::from_str(export.lines().nth(1).unwrap()).unwrap();
    let first = case["records"][1]["prev"].as_str().unwrap();
    assert!(lines.contains(&format!("链首: {first}")), "{first}: {shown}");
    assert!(lines.iter().any(|line| line.starts_with("链尾: sha256:")), "{shown}");
}

/// The lines of a case on paper.
fn lines_of(play: &Play) -> Vec<Line> {
    let texts = Texts::with(&[TEXTS]);
    let (first, last) = ("sha256:first".to_owned(), "sha256:last".to_owned());
    let chain = Ok(Verified { records: 3, signers: Default::default(), first, last });
    let pen = Pen { texts: &texts, lang: Lang::Zh };
    paper_of(&play.case, &Printing { world: play.world(), pen, chain: &chain, sees_all: true })
}

#[test]
fn a_long_form_is_cut_and_says_so_and_the_steps_and_the_ends_of_the_chain_are_whole() {
    let mut play = Play::new(json!([step("n1", "and", users(&["2", "3"]))]), json!({})).submitted();
    let lists: Vec<String> = (0..8).map(|n| format!("list{n}")).collect();
    let columns = json!([{ "id": "what", "type": "text" }]);
    let fields = lists.iter().map(|id| json!({ "id": id, "type": "list", "columns": columns })).collect();
    play.template.form = serde_json::from_value(fields).unwrap();
    // Each as long as a line of paper, so that all of them are more than a paper has room for.
    let row = |n: usize| Form::from([("what".to_owned(), Value::Text(format!("{n:0>80}")))]);
    let rows: Vec<Form> = (0..DETAIL_LINES_MAX).map(row).collect();
    play.case.data.form = lists.iter().map(|id| (id.clone(), Value::Lines(rows.clone()))).collect();
    let comment = "z".repeat(REASON_BYTES_MAX);
    play.does("2", Action::Approve { task: None, comment: Some(comment.clone()), code: None, chance: 0 });
    let lines = lines_of(&play);
    let has = |wanted: &str| lines.iter().any(|line| matches!(line, Line::Text(text) if text == wanted));
    let further = lists.len() * (DETAIL_LINES_MAX + 1) - PAPER_LINES_MAX;
    assert!(has(&format!("其余 {further} 行见导出文件")));
    assert!(has("n1 · 王五 · 待审批") && has("链首: sha256:first") && has("链尾: sha256:last"));
    let file = written("AP-1", &lines, |page, pages| format!("{page}/{pages}"));
    assert!(file.len() < 1024 * 1024, "a letter carries it: {}", file.len());
    let shown = text_of(&file);
    let characters: usize = shown.iter().map(|line| line.matches('z').count()).sum();
    assert_eq!(characters, comment.len(), "the comment is whole");
    assert!(shown.contains(&"链尾: sha256:last".to_owned()));
}

#[test]
fn steps_that_are_too_long_together_say_that_they_are_cut_and_none_is_missing() {
    let mut play = Play::new(json!([step("n1", "and", users(&["2"]))]), json!({})).submitted();
    let decided = Decided {
        by: PersonId("2".to_owned()),
        at_ms: play.at_ms,
        via: cases::Via::Matrix,
        result: "result.approved".to_owned(),
        reason: Some("x".repeat(REASON_BYTES_MAX)),
    };
    let task = Task { decided: Some(decided), ..play.case.data.tasks[0].clone() };
    play.case.data.tasks = vec![task; TASKS_MAX];
    let lines = lines_of(&play);
    let is_cut = |line: &&Line| matches!(line, Line::Text(text) if text.starts_with("n1 · 李四 · 同意") && text.ends_with("x…"));
    assert_eq!(lines.iter().filter(is_cut).count(), TASKS_MAX);
    let file = written("AP-1", &lines, |page, pages| format!("{page}/{pages}"));
    assert!(file.len() < 1024 * 1024, "a letter carries it: {}", file.len());
}

#[tokio::test]
async fn what_is_masked_is_printed_for_those_who_may_see_it_alone() {
    let (mut stage, room) = office().await;
    let admin = "@admin:test";
    let office = stage.room_with(admin, crate::LOCALPART, true);
    stage.settle().await;
    let template = serde_json::json!({
        "v": 1, "id": "pay", "name": {"zh": "付款"}, "aliases": ["付款"],
        "form": [
            {"id": "account", "type": "text", "label": {"zh": "账户"}, "required": true, "sensitive": true},
            {"id": "sum", "type": "amount", "label": {"zh": "金额"}, "required": true, "sensitive": true},
        ],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}}],
    });
    stage.says(admin, &office, &format!("!审批 publish {template}"));
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!审批 付款 62220001234 888");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    for (person, chat, account, sum) in
        [(LISI, &desk, "账户: 尾号 1234", "金额: …"), (ZHANGSAN, &room, "账户: 62220001234", "金额: ¥888.00")]
    {
        stage.says(person, chat, "!审批 export AP-20261105-0001");
        stage.settle().await;
        let sent = stage.newest(chat, |body| body == "AP-20261105-0001 的审批单 (PDF)");
        let lines = text_of(&stage.file(chat, &sent));
        for line in [account, sum] {
            assert!(lines.iter().any(|shown| shown == line), "{line}: {lines:?}");
        }
        let export = stage.newest(chat, |body| body.ends_with("的导出文件"));
        let export = String::from_utf8(stage.file(chat, &export)).unwrap();
        assert_eq!(export.contains("62220001234"), person == ZHANGSAN);
        assert!(cases::verify_export(export.as_bytes(), &cases::PublicKeys::default()).is_ok());
    }
}
