//! Cases on paper.

use super::talk::{card, chat, office};

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
        "日期: 2026-11-10 – 2026-11-12 (3d)",
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
        [(LISI, &desk, "账户: …1234", "金额: …"), (ZHANGSAN, &room, "账户: 62220001234", "金额: ¥888.00")]
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
