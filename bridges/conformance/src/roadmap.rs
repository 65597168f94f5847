//! The tables of `ROADMAP.md`, written from what passed.

use bridge_api::{Ability, Language, Support};

use crate::{Direction, Report};

/// What is brought and never sent: history, what other robots say, when people have no time.
const BROUGHT: [Ability; 3] = [Ability::Backfill, Ability::OtherBots, Ability::FreeBusy];

/// The table of one platform: what is carried each way, and how many cases prove it.
pub fn table(report: &Report) -> String {
    let mut out =
        "| ability | into the room | cases | to the platform | cases |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for line in report.capabilities.lines() {
        let (sent, sent_proofs) = match BROUGHT.contains(&line.ability) {
            true => ("—".to_owned(), "—".to_owned()),
            false => (support(&line.to_platform), proofs(report, Direction::Out, line.ability)),
        };
        let cells = [
            line.ability.name().of(Language::En).to_owned(),
            support(&line.into_room),
            proofs(report, Direction::In, line.ability),
            sent,
            sent_proofs,
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let faults: Vec<&str> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.proves.is_none() && outcome.result == crate::Result::Passed)
        .map(|outcome| outcome.name.as_str())
        .collect();
    let list = faults.iter().map(|fault| format!("`{fault}`")).collect::<Vec<_>>().join(", ");
    out.push_str(&format!(
        "\nUnder {} faults nothing is lost but what the platform itself loses, nothing is doubled, and what is not done is refused \
         with a reason: {list}.\n",
        faults.len()
    ));
    out
}

fn support(support: &Support) -> String {
    match support {
        Support::Yes => "yes".to_owned(),
        Support::Partly(why) => format!("partly: {}", why.en),
        Support::No(why) => format!("no: {}", why.en),
    }
}

fn proofs(report: &Report, direction: Direction, ability: Ability) -> String {
    match report.proofs(direction, ability).len() {
        0 => String::new(),
        count => count.to_string(),
    }
}

/// The text between the marks of a platform, with the places where it begins and ends.
pub fn between_marks(document: &str, platform: &str) -> Option<(usize, usize)> {
    let start = format!("<!-- conformance {platform} -->\n");
    let begins = document.find(&start)? + start.len();
    let ends = begins + document[begins..].find(&format!("<!-- end {platform} -->"))?;
    Some((begins, ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_between_its_marks() {
        let document = "a\n<!-- conformance x -->\ntable\n<!-- end x -->\nb";
        let (begins, ends) = between_marks(document, "x").unwrap();
        assert_eq!(&document[begins..ends], "table\n");
        assert_eq!(between_marks(document, "y"), None);
    }
}
