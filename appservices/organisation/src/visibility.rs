//! What somebody is told of somebody else. An ordered list of rules, the first that fits wins, and a default at the end.

use people::{Chart, DepartmentPath, Person};
use serde::Deserialize;

use crate::limits::RULES_MAX;

/// What can be told of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Name,
    Title,
    Department,
    Phone,
    Email,
}

/// Whom a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Group {
    /// A department without those below it.
    Department(DepartmentPath),
    /// A department and those below it.
    Tree(DepartmentPath),
    /// Who has a role.
    Role(String),
    /// The heads of a department.
    HeadsOf(DepartmentPath),
    /// One person, by employee number.
    User(String),
    /// Everybody.
    Everybody,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Who asks.
    pub subject: Group,
    /// Of whom.
    pub object: Group,
    /// What of it.
    pub fields: Vec<Field>,
    /// Whether they are told.
    pub allow: bool,
}

/// Heads see how to reach people, everybody sees who somebody is, and the rest is hidden.
pub(crate) fn default_rules() -> Vec<Rule> {
    let role = |role: &str| Group::Role(role.to_owned());
    let all = vec![Field::Name, Field::Title, Field::Department, Field::Phone, Field::Email];
    vec![
        Rule { subject: role(people::import::WRITERS), object: Group::Everybody, fields: all, allow: true },
        Rule {
            subject: Group::Everybody,
            object: Group::Everybody,
            fields: vec![Field::Name, Field::Title, Field::Department],
            allow: true,
        },
    ]
}

/// Reads rules as they are typed: a JSON list, in order. What they do not speak of the shipped rules decide.
pub(crate) fn rules_of(text: &str) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if rules.len() > RULES_MAX {
        return Err(format!("more than {RULES_MAX} rules"));
    }
    rules.extend(default_rules());
    Ok(rules)
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unknown = || format!("`{text}` is none of dept: dept_tree: role: heads_of: user: *");
        if text == "*" {
            return Ok(Self::Everybody);
        }
        let (kind, what) = text.split_once(':').ok_or_else(unknown)?;
        let path = || DepartmentPath::parse(what.trim_start_matches('/')).ok_or_else(unknown);
        match kind {
            "dept" => Ok(Self::Department(path()?)),
            "dept_tree" => Ok(Self::Tree(path()?)),
            "heads_of" => Ok(Self::HeadsOf(path()?)),
            "role" => Ok(Self::Role(what.to_owned())),
            "user" => Ok(Self::User(what.to_owned())),
            _ => Err(unknown()),
        }
    }
}

impl Group {
    fn has(&self, person: &Person, chart: &Chart) -> bool {
        match self {
            Self::Department(path) => person.departments.contains(path),
            Self::Tree(path) => person.departments.iter().any(|found| found.is_within(path)),
            Self::Role(role) => person.roles.contains(role),
            Self::HeadsOf(path) => {
                chart.department(path).is_some_and(|department| department.heads.contains(&person.id))
            }
            Self::User(id) => person.id.0 == *id,
            Self::Everybody => true,
        }
    }
}

/// Whether somebody may be told this of somebody. Of oneself one may know everything; what no rule names is hidden.
pub(crate) fn may_see(
    rules: &[Rule],
    subject: &Person,
    object: &Person,
    field: Field,
    chart: &Chart,
) -> bool {
    let fits = |rule: &&Rule| {
        rule.fields.contains(&field) && rule.subject.has(subject, chart) && rule.object.has(object, chart)
    };
    subject.id == object.id || rules.iter().find(fits).is_some_and(|rule| rule.allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, department: &str) -> Person {
        Person::new(id, id, DepartmentPath::parse(department).unwrap())
    }

    #[test]
    fn the_first_rule_that_fits_wins_and_nothing_is_told_without_one() {
        let market = person("m", "总部/市场部");
        let mut money = person("f", "总部/财务部");
        money.roles.insert("cfo".to_owned());
        let chart = Chart::new(1, [market.clone(), money.clone()].map(std::sync::Arc::new));
        let rules = rules_of(
            r#"[{"subject": "dept:/总部/市场部", "object": "role:cfo", "fields": ["phone"], "allow": true},
                {"subject": "dept_tree:总部", "object": "dept_tree:/总部/财务部", "fields": ["phone", "title"], "allow": false},
                {"subject": "user:m", "object": "*", "fields": ["title"], "allow": true},
                {"subject": "heads_of:/总部", "object": "*", "fields": ["email"], "allow": true}]"#,
        )
        .unwrap();
        // (who asks, of whom, what, whether they are told)
        let cases = [
            (&market, &money, Field::Phone, true),
            (&market, &money, Field::Title, false),
            (&market, &money, Field::Email, false),
            (&money, &market, Field::Title, true),
            (&money, &market, Field::Email, false),
            (&money, &money, Field::Phone, true),
        ];
        for (subject, object, field, told) in cases {
            assert_eq!(may_see(&rules, subject, object, field, &chart), told, "{} {field:?}", subject.id);
        }
        let shipped = default_rules();
        for (field, told) in
            [(Field::Name, true), (Field::Department, true), (Field::Phone, false), (Field::Email, false)]
        {
            assert_eq!(may_see(&shipped, &market, &money, field, &chart), told, "{field:?}");
        }
        for wrong in ["", "{}", r#"[{"subject": "team:x", "object": "*", "fields": [], "allow": true}]"#] {
            assert!(rules_of(wrong).is_err(), "{wrong}");
        }
    }
}
