//! XML of callbacks, read within bounds. Document types, and with them entities of their own, are refused.

use roxmltree::{Document, Error, Node, ParsingOptions};

use crate::limits::{XML_BYTES_MAX, XML_DEPTH_MAX, XML_NODES_MAX};

/// Why a document is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// It is no XML as the platform writes it.
    #[error("the XML cannot be read: {0}")]
    Malformed(String),
    /// It is beyond the bounds.
    #[error("the XML is too deep or too large")]
    TooLarge,
}

/// Reads a document.
///
/// # Errors
/// See [`XmlError`].
pub fn read(text: &str) -> Result<Document<'_>, XmlError> {
    if text.len() > XML_BYTES_MAX {
        return Err(XmlError::TooLarge);
    }
    let bounds = ParsingOptions { allow_dtd: false, nodes_limit: XML_NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, bounds).map_err(|error| match error {
        Error::NodesLimitReached => XmlError::TooLarge,
        error => XmlError::Malformed(error.to_string()),
    })?;
    // The document itself is above its outermost element.
    let is_deep = |node: Node<'_, '_>| node.ancestors().nth(XML_DEPTH_MAX + 1).is_some();
    if document.descendants().any(is_deep) { Err(XmlError::TooLarge) } else { Ok(document) }
}

/// An element. Names are compared whatever their case, because the platform's pages and its wire differ in it.
#[derive(Clone, Copy)]
pub struct Element<'a, 'text>(Node<'a, 'text>);

impl<'a, 'text> Element<'a, 'text> {
    /// The outermost element of a document.
    pub fn of(document: &'a Document<'text>) -> Self {
        Self(document.root_element())
    }

    /// The first child of this name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.all(name).next()
    }

    /// All children of this name.
    pub fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.0
            .children()
            .filter(move |child| child.is_element() && child.tag_name().name().eq_ignore_ascii_case(name))
            .map(Self)
    }

    /// The text of the first child of this name, unless it is empty.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.child(name).map(Self::own).filter(|text| !text.is_empty())
    }

    /// The text of the first child of this name as it stands there, with spaces and lines.
    pub fn verbatim(self, name: &str) -> &'a str {
        self.child(name).and_then(|child| child.0.text()).unwrap_or_default()
    }

    /// The number that the first child of this name holds.
    pub fn number(self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// What stands in it.
    pub fn own(self) -> &'a str {
        self.0.text().unwrap_or_default().trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_read_whatever_the_case_of_their_names() {
        let document = read("<xml><ToUserName><![CDATA[ww1]]></ToUserName><n>17</n><Items><Item>a</Item><item>b</item></Items><e/>\n<Content><![CDATA[ a<b>&amp;\n]]></Content></xml>").expect("XML");
        let read = Element::of(&document);
        assert_eq!(
            (read.text("tousername"), read.number("N"), read.text("e")),
            (Some("ww1"), Some(17), None)
        );
        let items: Vec<_> = read.child("items").expect("items").all("Item").map(|item| item.own()).collect();
        assert_eq!((items, read.verbatim("content")), (vec!["a", "b"], " a<b>&amp;\n"));
    }

    #[test]
    fn what_would_harm_is_not_read() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><a>&b;</a></xml>";
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        let wide = format!("<xml>{}</xml>", "<a/>".repeat(XML_NODES_MAX as usize + 1));
        let large = format!("<xml>{}</xml>", "a".repeat(XML_BYTES_MAX));
        for bad in [bomb, "<xml>&b;</xml>", "<xml><a></xml>", "<xml>", "", "nonsense", &deep, &wide, &large] {
            assert!(read(bad).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
