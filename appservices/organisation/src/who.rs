//! Who is who: what may be told of people and departments.

use kit::{BotError, Heard, texts::Lang};
use people::{Chart, DepartmentPath, Person, import::WRITERS};
use store::Batch;

use crate::{
    Organisation,
    limits::LINES_MAX,
    tables::RULES,
    visibility::{Field, Rule, default_rules, may_see, rules_of},
};

impl Organisation {
    /// `!who NAME`.
    pub(crate) async fn who(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), BotError> {
        let Some(me) = self.person(heard, batch).await? else { return Ok(()) };
        let lang = self.language(&heard.sender).await?;
        let (chart, rules) = (self.0.people.chart(), self.rules().await?);
        let found = chart.called(text.trim());
        let lines: Vec<String> = found
            .iter()
            .filter(|person| may_see(&rules, &me, person, Field::Name, &chart))
            .map(|person| self.line(lang, &rules, &me, person, &chart))
            .collect();
        self.answer_lines(batch, heard, lang, text, lines);
        Ok(())
    }

    /// `!dept NAME`: its head, and its people.
    pub(crate) async fn dept(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), BotError> {
        let Some(me) = self.person(heard, batch).await? else { return Ok(()) };
        let lang = self.language(&heard.sender).await?;
        let (chart, rules) = (self.0.people.chart(), self.rules().await?);
        let wanted = text.trim().trim_start_matches('/');
        let is_called = |path: &&DepartmentPath| {
            let is_it = path.as_str() == wanted || path.name() == wanted || chart.code_of(path) == wanted;
            is_it && !wanted.is_empty() && finds(&chart, &me, path)
        };
        let paths: Vec<&DepartmentPath> =
            chart.departments().map(|(path, _)| path).filter(is_called).collect();
        let mut lines = Vec::new();
        for path in paths {
            lines.push(self.line_of_department(lang, &rules, &me, path, &chart));
            let members = chart.department(path).map_or(&[][..], |department| &department.members);
            let seen = members.iter().filter_map(|id| chart.active(id));
            let seen = seen.filter(|person| is_told_where(&rules, &me, person, &chart));
            lines.extend(seen.map(|person| format!("· {}", self.line(lang, &rules, &me, person, &chart))));
        }
        self.answer_lines(batch, heard, lang, text, lines);
        Ok(())
    }

    /// `!org tree`: the departments, each under the one above.
    pub(crate) async fn tree(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        let Some(me) = self.person(heard, batch).await? else { return Ok(()) };
        let lang = self.language(&heard.sender).await?;
        let (chart, rules) = (self.0.people.chart(), self.rules().await?);
        let found = chart.departments().filter(|(path, _)| finds(&chart, &me, path));
        let lines = found.map(|(path, _)| {
            let depth = path.as_str().matches('/').count();
            format!("{}{}", "　".repeat(depth), self.line_of_department(lang, &rules, &me, path, &chart))
        });
        let lines = lines.collect();
        self.answer_lines(batch, heard, lang, "tree", lines);
        Ok(())
    }

    /// The rules of visibility that are in force.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, BotError> {
        let kept = self.0.kit.store().get(&RULES, &()).await?;
        Ok(kept.and_then(|text| rules_of(&text).ok()).unwrap_or_else(default_rules))
    }

    fn line(&self, lang: Lang, rules: &[Rule], me: &Person, person: &Person, chart: &Chart) -> String {
        let mut parts = vec![match person.english_name.as_str() {
            "" => person.name.clone(),
            english => format!("{} ({english})", person.name),
        }];
        let sees = |field| may_see(rules, me, person, field, chart);
        if sees(Field::Title) && !person.title.is_empty() {
            parts.push(person.title.clone());
        }
        if sees(Field::Department) {
            let found = person.departments.iter().filter(|path| finds(chart, me, path));
            parts.extend(found.map(|path| path.as_str().to_owned()));
        }
        if sees(Field::Phone) && !person.phone.is_empty() {
            parts.push(self.say(lang, "org.phone", &[("phone", &person.phone)]));
        }
        if sees(Field::Email) && !person.email.is_empty() {
            parts.push(self.say(lang, "org.email", &[("email", &person.email)]));
        }
        parts.extend(person.account.as_ref().map(ToString::to_string));
        parts.join(" · ")
    }

    /// A department with those of its heads of whom one may know it.
    fn line_of_department(
        &self,
        lang: Lang,
        rules: &[Rule],
        me: &Person,
        path: &DepartmentPath,
        chart: &Chart,
    ) -> String {
        let Some(department) = chart.department(path) else { return path.as_str().to_owned() };
        let heads = department.heads.iter().filter_map(|id| chart.active(id));
        let heads = heads.filter(|head| is_told_where(rules, me, head, chart));
        let heads = heads.map(|head| head.name.as_str()).collect::<Vec<_>>().join("、");
        let heads = if heads.is_empty() { "-" } else { &heads };
        let count = department.members.len().to_string();
        let values =
            [("path", path.as_str()), ("heads", heads), ("count", &count), ("code", chart.code_of(path))];
        let key = if chart.code_of(path).is_empty() { "org.dept" } else { "org.dept_coded" };
        self.say(lang, key, &values)
    }

    pub(crate) fn answer_lines(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        lang: Lang,
        asked: &str,
        lines: Vec<String>,
    ) {
        let text = match lines.len() {
            0 => self.say(lang, "org.nobody", &[("text", asked.trim())]),
            count if count > LINES_MAX => {
                let more = (count - LINES_MAX).to_string();
                let shown = lines.into_iter().take(LINES_MAX);
                let more = self.say(lang, "org.more", &[("count", &more)]);
                shown.chain([more]).collect::<Vec<_>>().join("\n")
            }
            _ => lines.join("\n"),
        };
        self.answer(batch, heard, "r", &text);
    }
}

/// Whether somebody is told that this person is in a department: both of the name, and of where that is.
fn is_told_where(rules: &[Rule], me: &Person, person: &Person, chart: &Chart) -> bool {
    [Field::Name, Field::Department].into_iter().all(|field| may_see(rules, me, person, field, chart))
}

/// Whether somebody is told of a department: who may change the organisation is told of all.
fn finds(chart: &Chart, me: &Person, path: &DepartmentPath) -> bool {
    me.roles.contains(WRITERS) || chart.finds(me, path)
}
