//! The example file: every section and setting with its comment and its default.

use std::fmt::Write as _;

use crate::{Config, Field, Section};

const HEAD: &str = "\
# Configuration of Lianqiao.
#
# Every setting below shows its default; a line that starts with `# name =` is not set. Delete what you
# do not change. Any setting can also come from the environment: LIANQIAO__SECTION__KEY, for example
# LIANQIAO__SERVER__NAME=example.org. Check a file with `lianqiao config check FILE`.
";

/// The text of a file with these values: `Config::default()` gives the example.
pub fn example(config: &Config) -> String {
    let mut text = String::from(HEAD);
    for section in config.sections() {
        text.push('\n');
        comment(&mut text, section.comment());
        let _ = writeln!(text, "[{}]", section.name());
        write_fields(&mut text, section);
    }
    text
}

fn write_fields(text: &mut String, section: &dyn Section) {
    let values = section.values();
    for (number, field) in section.fields().iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        comment(text, field.comment);
        write_value(text, field, values.get(field.name));
    }
}

fn write_value(text: &mut String, field: &Field, value: Option<&toml::Value>) {
    let _ = match value {
        Some(value) => writeln!(text, "{} = {}", field.name, inline(value)),
        None => writeln!(text, "# {} = {}", field.name, field.sample.unwrap_or("\"\"")),
    };
}

/// A value on one line; tables become `{ a = 1, b = 2 }`.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        let _ = writeln!(text, "#{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn the_example_reads_back_as_the_defaults() {
        let mut named = Config::default();
        named.server.name = "example.org".to_owned();
        let read = load(&example(&named), &[]).unwrap();
        assert_eq!(read, named);
    }

    #[test]
    fn every_setting_of_every_section_is_in_the_example_with_a_comment() {
        let config = Config::default();
        let text = example(&config);
        let written = toml::Table::try_from(&config).unwrap();
        for section in config.sections() {
            assert!(text.contains(&format!("\n[{}]\n", section.name())), "{}", section.name());
            for field in section.fields() {
                assert!(!field.comment.is_empty());
                let ends_well = field.comment.last().unwrap().trim_end().ends_with(['.', ':']);
                assert!(ends_well, "{}.{} needs whole sentences", section.name(), field.name);
                let line = format!("{} = ", field.name);
                assert!(text.contains(&line), "{}.{}", section.name(), field.name);
            }
            let known: Vec<&str> = section.fields().iter().map(|field| field.name).collect();
            let table = written.get(section.name()).and_then(toml::Value::as_table).unwrap();
            for key in table.keys() {
                assert!(known.contains(&key.as_str()), "{}.{key}", section.name());
            }
        }
        assert_eq!(written.len(), config.sections().len(), "a section is missing in Config::sections");
    }

    #[test]
    fn a_sample_of_an_unset_setting_is_a_value_the_setting_accepts() {
        let config = Config::default();
        for section in config.sections() {
            for field in section.fields().iter().filter(|field| field.sample.is_some()) {
                let sample = field.sample.unwrap();
                let text = format!("[{}]\n{} = {sample}\n", section.name(), field.name);
                let read: Result<Config, _> = toml::from_str(&text);
                assert!(read.is_ok(), "{text}: {:?}", read.err());
            }
        }
    }
}
