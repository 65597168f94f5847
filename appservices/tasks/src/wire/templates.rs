//! Templates by commands: `!task template`, `!task template + NAME NUMBER`, `!task template - NAME`.
//!
//! A template belongs to the room where it was saved, or, in a direct chat, to the person. What is meant by a name is looked for in
//! the room first.

use cases::Refusal;
use kit::Heard;
use people::Person;
use store::{Batch, Scan};

use super::{PREFIX, Tasks, scene::zone_named};
use crate::{
    OfficeError,
    act::{refused, text},
    limits::{TEMPLATE_NAME_CHARACTERS_MAX, TEMPLATES_MAX},
    tables::TEMPLATE,
    template::Template,
};

/// What is to be done about templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order<'a> {
    List,
    /// Saves the task with this number, or the one that is meant, under a name.
    Save(&'a str, Option<&'a str>),
    Remove(&'a str),
}

/// Reads what stands behind `!task`; nothing where it is a task's own line.
pub(super) fn order(arguments: &str) -> Option<Order<'_>> {
    let mut words = arguments.split_whitespace();
    let is_meant = matches!(words.next()?.to_lowercase().as_str(), "模板" | "template" | "templates");
    let rest: Vec<&str> = words.filter(|_| is_meant).collect();
    let is_number =
        |word: &str| word.split_once('-').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(PREFIX));
    match *rest.as_slice() {
        [] => is_meant.then_some(Order::List),
        ["+" | "＋", name] => Some(Order::Save(name, None)),
        ["+" | "＋", name, no] if is_number(no) => Some(Order::Save(name, Some(no))),
        ["-" | "－", name] => Some(Order::Remove(name)),
        _ => None,
    }
}

/// E110: there is no template of this name.
pub(super) fn no_such() -> Refusal {
    refused("tk.field.template", "tk.problem.no_template", "!任务 模板 / !task template")
}

/// What a name is called by in the store.
fn key_of(name: &str) -> String {
    name.to_lowercase()
}

/// Where the templates of a person stand.
fn own(me: &Person) -> String {
    format!("of/{}", me.id)
}

/// Where those stand that are saved here.
fn here(heard: &Heard, me: &Person) -> String {
    if heard.is_direct { own(me) } else { heard.room.to_string() }
}

impl Tasks {
    /// The template of this name, of the room or of the person.
    pub(super) async fn template(
        &self,
        heard: &Heard,
        me: &Person,
        name: &str,
    ) -> Result<Option<Template>, OfficeError> {
        for place in [here(heard, me), own(me)] {
            if let Some(found) = self.kit().store().get(&TEMPLATE, &(place, key_of(name))).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// `!task template …`.
    pub(super) async fn template_command(
        &self,
        heard: &Heard,
        order: Order<'_>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some(me) = self.colleague(heard, batch).await? else { return Ok(()) };
        let pen = self.pen_of_account(&heard.sender).await?;
        let outcome = match order {
            Order::List => {
                let text = self.listed_templates(heard, &me, pen).await?;
                self.answer(batch, heard, &text);
                return Ok(());
            }
            Order::Save(name, no) => {
                self.save_template(heard, &me, (name, no), batch).await?.map(|()| ("tk.template.saved", name))
            }
            Order::Remove(name) => {
                self.remove_template(heard, &me, name, batch).await?.map(|()| ("tk.template.removed", name))
            }
        };
        match outcome {
            Ok((text, name)) => self.answer(batch, heard, &pen.say(text, &[("name", name)])),
            Err(refusal) => return self.refuse(batch, heard, &refusal).await,
        }
        Ok(())
    }

    async fn listed_templates(
        &self,
        heard: &Heard,
        me: &Person,
        pen: crate::card::Pen<'_>,
    ) -> Result<String, OfficeError> {
        let scan = Scan::prefix(&here(heard, me)).limit(TEMPLATES_MAX);
        let rows = self.kit().store().scan(&TEMPLATE, scan).await?;
        if rows.is_empty() {
            return Ok(pen.say("tk.template.none", &[]));
        }
        let hidden = pen.say("tk.card.secret", &[]);
        let mut lines = vec![pen.say("tk.template.head", &[("count", &rows.len().to_string())])];
        lines.extend(rows.iter().map(|(_, template)| {
            let title = if template.is_secret { &hidden } else { &template.title };
            pen.say("tk.template.line", &[("name", &template.name), ("title", title)])
        }));
        Ok(lines.join("\n"))
    }

    async fn save_template(
        &self,
        heard: &Heard,
        me: &Person,
        (name, no): (&str, Option<&str>),
        batch: &mut Batch,
    ) -> Result<Result<(), Refusal>, OfficeError> {
        let found = match no {
            Some(no) => self.by_number(no).await?,
            None => self.meant(heard).await?,
        };
        let Some(case) = found else {
            return Ok(Err(match no {
                Some(no) => Refusal::new("E107").with("no", no),
                None => refused(
                    "tk.field.number",
                    "tk.problem.required",
                    "!task template + 周报 TK-20261105-0001",
                ),
            }));
        };
        if !self.may_see(heard, &case).await? {
            return Ok(Err(Refusal::new("E107").with("no", &case.no)));
        }
        let example = "!task template + 周报 TK-20261105-0001";
        // Whoever is here could make a task of it, and read it.
        if case.data.is_secret && !heard.is_direct {
            return Ok(Err(refused("tk.field.template", "tk.problem.secret", example)));
        }
        if let Err(refusal) = text(name, "tk.field.template", TEMPLATE_NAME_CHARACTERS_MAX, "周报") {
            return Ok(Err(refusal));
        }
        let key = (here(heard, me), key_of(name));
        match self.kit().store().get(&TEMPLATE, &key).await? {
            Some(old) => {
                if let Err(refusal) = self.may_change(heard, me, &old).await? {
                    return Ok(Err(refusal));
                }
            }
            None => {
                let scan = Scan::prefix(&key.0).limit(TEMPLATES_MAX);
                if self.kit().store().count(&TEMPLATE, scan).await? >= TEMPLATES_MAX {
                    return Ok(Err(refused("tk.field.template", "tk.problem.many", "!task template - 周报")));
                }
            }
        }
        let template = Template::of(name, me.id.clone(), &case, &zone_named(&case.data.zone));
        batch.put(&TEMPLATE, &key, &template);
        Ok(Ok(()))
    }

    async fn remove_template(
        &self,
        heard: &Heard,
        me: &Person,
        name: &str,
        batch: &mut Batch,
    ) -> Result<Result<(), Refusal>, OfficeError> {
        let key = (here(heard, me), key_of(name));
        let Some(old) = self.kit().store().get(&TEMPLATE, &key).await? else { return Ok(Err(no_such())) };
        let may = self.may_change(heard, me, &old).await?;
        if may.is_ok() {
            batch.delete(&TEMPLATE, &key);
        }
        Ok(may)
    }

    /// Whoever saved a template, or moderates the room, replaces or removes it (E101).
    async fn may_change(
        &self,
        heard: &Heard,
        me: &Person,
        old: &Template,
    ) -> Result<Result<(), Refusal>, OfficeError> {
        if old.by == me.id || heard.is_direct || self.moderates(&heard.room, &heard.sender).await? {
            return Ok(Ok(()));
        }
        let chart = self.house().await?.chart();
        let name = chart.person(&old.by).map_or_else(|| old.by.0.clone(), |person| person.name.clone());
        Ok(Err(Refusal::new("E101").with("who", name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_a_title_is_about_templates() {
        for (text, expected) in [
            ("模板", Some(Order::List)),
            ("Templates", Some(Order::List)),
            ("template + weekly", Some(Order::Save("weekly", None))),
            ("模板 ＋ 周报 tk-20261105-0001", Some(Order::Save("周报", Some("tk-20261105-0001")))),
            ("template - weekly", Some(Order::Remove("weekly"))),
            ("template for offers", None),
            ("template + two words", None),
            ("写 模板", None),
            ("", None),
        ] {
            assert_eq!(order(text), expected, "{text}");
        }
    }
}
