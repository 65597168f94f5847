//! From text and environment to checked values.

use crate::{Config, Problem};

/// Prefix of environment variables that override a setting.
pub(crate) const ENVIRONMENT_PREFIX: &str = "LIANQIAO__";

/// Why a configuration cannot be used. The text is for the person at the keyboard.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, an unknown key, or a value of the wrong type; the message names line and key.
    #[error("the file cannot be read:\n{0}")]
    Unreadable(Box<toml::de::Error>),
    /// An environment variable that names no setting, or holds no value of its type.
    #[error("environment variable {name}: {advice}")]
    Environment {
        /// The variable.
        name: String,
        /// What to do.
        advice: String,
    },
    /// Values that contradict each other or the rules.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads `text`, applies `LIANQIAO__SECTION__KEY` of `environment`, checks the result.
///
/// # Errors
/// See [`ConfigError`]; all problems of the values are reported at once.
pub fn load(text: &str, environment: &[(String, String)]) -> Result<Config, ConfigError> {
    let mut config: Config =
        toml::from_str(text).map_err(|error| ConfigError::Unreadable(Box::new(error)))?;
    for (name, value) in environment {
        if let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) {
            config = overridden(&config, name, path, value)?;
        }
    }
    let problems = config.problems();
    if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(problems)) }
}

fn overridden(config: &Config, name: &str, path: &str, value: &str) -> Result<Config, ConfigError> {
    let wrong = |advice: String| ConfigError::Environment { name: name.to_owned(), advice };
    let path = path.to_ascii_lowercase();
    let (section_name, key) =
        path.split_once("__").ok_or_else(|| wrong("write LIANQIAO__SECTION__KEY".to_owned()))?;
    let sections = config.sections();
    let section = sections
        .iter()
        .find(|section| section.name() == section_name)
        .ok_or_else(|| wrong(format!("there is no section `{section_name}`")))?;
    let field = section
        .fields()
        .iter()
        .find(|field| field.name == key)
        .ok_or_else(|| wrong(format!("section `{section_name}` has no setting `{key}`")))?;

    let mut table = toml::Table::try_from(config).map_err(|error| wrong(error.to_string()))?;
    let values = section.values();
    let is_text = match (values.get(key), field.sample) {
        (Some(current), _) => current.is_str(),
        (None, sample) => sample.is_some_and(|sample| sample.starts_with('"')),
    };
    let value = if is_text {
        toml::Value::String(value.to_owned())
    } else {
        let parsed: toml::Table = toml::from_str(&format!("value = {value}")).map_err(|_| {
            wrong(format!("`{value}` is not a TOML value, write for example {}", sample(field)))
        })?;
        parsed.get("value").cloned().unwrap_or(toml::Value::Boolean(false))
    };
    if let Some(toml::Value::Table(section)) = table.get_mut(section_name) {
        section.insert(key.to_owned(), value);
    }
    table.try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

fn sample(field: &crate::Field) -> &str {
    field.sample.unwrap_or("true, 10 or [\"a\", \"b\"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "[server]\nname = \"example.org\"\n";

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = load("[server]\nname = \"example.org\"\nnmae = 1\n", &[]).unwrap_err().to_string();
        assert!(error.contains("nmae"), "{error}");
        assert!(error.contains("line 3"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named() {
        let error = load("[listeners]\nconnections_max = \"many\"\n", &[]).unwrap_err().to_string();
        assert!(error.contains("connections_max"), "{error}");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let environment = variables(&[
            ("LIANQIAO__SERVER__NAME", "other.org"),
            ("LIANQIAO__LISTENERS__CLIENT", "[\"127.0.0.1:1234\"]"),
            ("LIANQIAO__REGISTRATION__OPEN", "true"),
            ("LIANQIAO__REGISTRATION__TOKEN", "12345"),
            ("UNRELATED", "x"),
        ]);
        let config = load(NAMED, &environment).unwrap();
        assert_eq!(config.server.name, "other.org");
        assert_eq!(config.listeners.client, ["127.0.0.1:1234"]);
        assert!(config.registration.open);
        assert_eq!(config.registration.token.as_deref(), Some("12345"));
    }

    #[test]
    fn a_variable_that_names_no_setting_is_refused() {
        for (name, value, word) in [
            ("LIANQIAO__SERVR__NAME", "a", "servr"),
            ("LIANQIAO__SERVER__NMAE", "a", "nmae"),
            ("LIANQIAO__SERVER", "a", "SECTION"),
            ("LIANQIAO__REGISTRATION__OPEN", "perhaps", "perhaps"),
        ] {
            let error = load(NAMED, &variables(&[(name, value)])).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains(name), "{error}");
        }
    }

    #[test]
    fn every_bad_value_is_reported_at_once() {
        let text = "[server]\nname = \"not a name\"\n[listeners]\nclient = [\"nowhere\"]\n[tls]\n\
                    certificate_file = \"a.pem\"\n";
        let error = load(text, &[]).unwrap_err().to_string();
        for key in ["server.name", "listeners.client", "tls.private_key_file"] {
            assert!(error.contains(key), "{key} in {error}");
        }
    }
}
