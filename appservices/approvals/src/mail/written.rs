//! What a letter says: the first line of the card, the form without anything that is to be masked, and a link for each answer.

use cases::Case;
use kit::texts::Pen;
use mail::{Letter, letters};
use people::Person;

use super::link::{Answer, MailLink};
use crate::{
    OfficeError,
    card::{Card, body, in_words, is_open, names_in, shortened},
    desk::World,
    instance::Instance,
    limits::MAIL_LINES_MAX,
    template::{Field, Value},
    wire::Approvals,
};

/// The fields of a form as a mailbox may have them.
pub(super) struct Fields {
    /// What each holds, under what it is called.
    pub lines: Vec<String>,
    /// Whether something is left out because it is to be masked.
    pub hides: bool,
}

/// The fields that are filled in. What is to be masked on cards is not there at all: a mailbox is read by many programs.
pub(super) fn fields(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Fields {
    let mut fields = Fields { lines: Vec::new(), hides: false };
    let mut further = 0;
    for field in &world.template.form {
        let Some(value) = case.data.form.get(&field.id) else { continue };
        if field.sensitive {
            fields.hides = true;
            continue;
        }
        let open = without_masked(field);
        fields.hides |= open.columns.len() < field.columns.len();
        let words = shortened(&in_words(&open, value, world.chart, pen));
        let is_empty = words.is_empty() || matches!(value, Value::Files(files) if files.is_empty());
        match fields.lines.len() < MAIL_LINES_MAX {
            _ if is_empty => {}
            true => fields.lines.push(format!("{}: {words}", label(field, pen))),
            false => further += 1,
        }
    }
    if further > 0 {
        fields.lines.push(pen.say("mail.more", &[("count", &further.to_string())]));
    }
    if fields.hides {
        fields.lines.push(pen.say("mail.hides", &[]));
    }
    fields
}

fn label<'a>(field: &'a Field, pen: Pen<'_>) -> &'a str {
    match field.label.in_language(names_in(pen.lang)) {
        "" => &field.id,
        label => label,
    }
}

/// A list without the columns that are to be masked.
fn without_masked(field: &Field) -> Field {
    let mut open = field.clone();
    open.columns.retain(|column| !column.sensitive);
    open
}

/// The first line of a card, and for whom somebody acts by it.
pub(super) fn head(
    case: &Case<Instance>,
    card: &Card,
    world: &World<'_>,
    pen: Pen<'_>,
) -> (String, Option<String>) {
    let text = body(case, card, world, pen);
    let first = text.lines().next().unwrap_or_default().to_owned();
    let Card::Task { task, person } = card else { return (first, None) };
    let owner = case.data.task(task).map(|task| &task.owner).filter(|owner| *owner != person);
    (first, owner.map(|owner| pen.say("card.delegate", &[("who", &world.name(owner))])))
}

impl Approvals {
    /// The letter with these links; nothing where nothing is asked any more.
    pub(super) async fn written(
        &self,
        id: &str,
        link: &MailLink,
        person: &Person,
        news: Option<&str>,
    ) -> Result<Option<Letter>, OfficeError> {
        let house = self.house().await?;
        let Some(base) = self.public_url() else { return Ok(None) };
        let Some(case) = house.cases.get::<Instance>(&link.case).await? else { return Ok(None) };
        let card = Card::Task { task: link.task.clone(), person: link.person.clone() };
        let is_asked = case.data.task(&link.task).is_some_and(|task| task.waits_for(&link.person));
        if !is_asked || !is_open(&case, &card) {
            return Ok(None);
        }
        let scene = self.scene_of(&case.data, self.now_ms()).await?;
        let (world, pen) = (scene.world(), self.pen(self.language_of(person).await?));
        let (first, delegate) = head(&case, &card, &world, pen);
        let lines = fields(&case, &world, pen).lines;
        let card: Vec<String> = [first.clone()].into_iter().chain(delegate).chain(lines).collect();
        let text = [news.map(str::to_owned), Some(card.join("\n"))];
        let text = text.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let signer = house.cases.signer();
        let url = |answer| format!("{base}{}", link.path(id, answer, signer));
        let (yes, no) = (url(Answer::Approve), url(Answer::Reject));
        let [approve, reject] = ["mail.approve", "mail.reject"].map(|key| pen.say(key, &[]));
        let answers = [(approve.as_str(), yes.as_str()), (reject.as_str(), no.as_str())];
        let values = [("time", world.time(link.until_ms)), ("who", world.name(&case.data.starter))];
        let about = pen.say("mail.about", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
        Ok(Some(letters::choice(&first, &text, &answers, &about)))
    }
}
