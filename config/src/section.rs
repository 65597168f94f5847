//! How a section declares itself: one macro, so that a field cannot be without comment or default.

use std::fmt;

/// A setting, as the example shows it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// Its comment, one entry for each line.
    pub comment: &'static [&'static str],
    /// TOML text shown, commented out, for a setting whose default is "not set".
    pub sample: Option<&'static str>,
}

/// Something wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `section.key`.
    pub key: String,
    /// What is wrong and what to write instead.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.advice)
    }
}

/// A section of the file; implemented by [`section!`] and a `validate` beside it.
pub trait Section {
    /// The name in brackets.
    fn name(&self) -> &'static str;
    /// The comment above the name.
    fn comment(&self) -> &'static [&'static str];
    /// Its settings in order.
    fn fields(&self) -> &'static [Field];
    /// Its values as a TOML table.
    fn values(&self) -> toml::Table;
    /// Adds what is wrong with its values.
    fn check(&self, problems: &mut Vec<Problem>);
}

/// Adds a problem of `section.key`.
pub(crate) fn report(problems: &mut Vec<Problem>, section: &str, key: &str, advice: impl Into<String>) {
    problems.push(Problem { key: format!("{section}.{key}"), advice: advice.into() });
}

/// Declares a section: `name = "…", validate = function;` then a struct whose every field has a comment
/// and a default, and `=> "sample"` when the default is "not set".
macro_rules! section {
    (
        name = $name:literal, validate = $validate:path;
        $(#[doc = $section_doc:literal])+
        pub struct $type:ident {
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident : $kind:ty = $default:expr $(=> $sample:literal)?
            ),+ $(,)?
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $type {
            $( $(#[doc = $doc])+ pub $field: $kind, )+
        }

        impl Default for $type {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl crate::section::Section for $type {
            fn name(&self) -> &'static str { $name }
            fn comment(&self) -> &'static [&'static str] { &[$($section_doc),+] }
            fn fields(&self) -> &'static [crate::section::Field] {
                &[$(crate::section::Field {
                    name: stringify!($field),
                    comment: &[$($doc),+],
                    sample: crate::section::section!(@sample $($sample)?),
                }),+]
            }
            fn values(&self) -> toml::Table {
                toml::Table::try_from(self).unwrap_or_default()
            }
            fn check(&self, problems: &mut Vec<crate::section::Problem>) { $validate(self, problems) }
        }
    };
    (@sample) => { None };
    (@sample $sample:literal) => { Some($sample) };
}

pub(crate) use section;
