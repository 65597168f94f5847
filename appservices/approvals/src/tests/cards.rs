//! What stands on cards, without store or wire.

use kit::texts::{Lang, Pen, Texts};
use people::PersonId;
use serde_json::json;

use super::law::{Play, step, users};
use crate::{
    TEXTS,
    card::{Card, body},
    instance::Instead,
    limits::CARD_LINES_MAX,
};

#[test]
fn a_card_has_twelve_lines_whatever_there_is_to_say() {
    let flow = json!([step("n1", "and", users(&["2", "3", "4", "5", "6", "7", "8"]))]);
    let mut play = Play::new(flow, json!({})).submitted();
    for task in &mut play.case.data.tasks {
        let delegate = PersonId(format!("delegate of {}", task.owner));
        task.instead.extend([(task.owner.clone(), Instead::Mail), (delegate, Instead::Mail)]);
    }
    let texts = Texts::with(&[TEXTS]);
    let shown = body(&play.case, &Card::Starter, &play.world(), Pen { texts: &texts, lang: Lang::Zh });
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), CARD_LINES_MAX, "{shown}");
    assert_eq!(lines[CARD_LINES_MAX - 3..], ["其余 7 项见话题", "amount: ¥12,800.00", "⏰催办 ↩️撤回"]);
}
