//! XML of callbacks: a small tree, read within bounds. Document types and entities of their own are refused.

use quick_xml::{Reader, events::Event};

use crate::limits::{XML_BYTES_MAX, XML_DEPTH_MAX, XML_NODES_MAX};

/// An element. Names are compared whatever their case, because the platform's pages and its wire differ in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Self>,
}

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

impl Element {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name.eq_ignore_ascii_case(name))
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first child of this name, unless it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// The text of the first child of this name as it stands there, with spaces and lines.
    pub fn verbatim(&self, name: &str) -> &str {
        self.child(name).map(|child| child.text.as_str()).unwrap_or_default()
    }

    /// The number that the first child of this name holds.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// What stands directly in it.
    pub fn own(&self) -> &str {
        self.text.trim()
    }
}

/// Reads a document.
///
/// # Errors
/// See [`XmlError`].
pub fn read(text: &str) -> Result<Element, XmlError> {
    if text.len() > XML_BYTES_MAX {
        return Err(XmlError::TooLarge);
    }
    let malformed = |error: &dyn std::fmt::Display| XmlError::Malformed(error.to_string());
    let mut reader = Reader::from_str(text);
    let (mut open, mut nodes): (Vec<Element>, usize) = (Vec::new(), 0);
    loop {
        let event = reader.read_event().map_err(|error| malformed(&error))?;
        match event {
            Event::Start(start) => {
                nodes += 1;
                if open.len() >= XML_DEPTH_MAX || nodes > XML_NODES_MAX {
                    return Err(XmlError::TooLarge);
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::Empty(start) => {
                nodes += 1;
                if nodes > XML_NODES_MAX {
                    return Err(XmlError::TooLarge);
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                let element = Element { name, ..Element::default() };
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { return Err(malformed(&"an element ends twice")) };
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content().map_err(|error| malformed(&error))?),
            Event::CData(text) => {
                append(&mut open, &text.xml10_content().map_err(|error| malformed(&error))?)
            }
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|error| malformed(&error))?;
                let name = name.decode().map_err(|error| malformed(&error))?;
                match (character, &*name) {
                    (Some(character), _) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    (None, "amp") => append(&mut open, "&"),
                    (None, "lt") => append(&mut open, "<"),
                    (None, "gt") => append(&mut open, ">"),
                    (None, "quot") => append(&mut open, "\""),
                    (None, "apos") => append(&mut open, "'"),
                    (None, _) => return Err(malformed(&"an entity that XML does not have")),
                }
            }
            Event::DocType(_) => return Err(malformed(&"document types are not taken")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Err(malformed(&"it ends early")),
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_read_whatever_the_case_of_their_names() {
        let read = read("<xml><ToUserName><![CDATA[ww1]]></ToUserName><n>17</n><Items><Item>a</Item><item>b</item></Items><e/>\n<Content><![CDATA[ a<b>&amp;\n]]></Content></xml>").expect("XML");
        assert_eq!(
            (read.text("tousername"), read.number("N"), read.text("e")),
            (Some("ww1"), Some(17), None)
        );
        let items: Vec<_> = read.child("items").expect("items").all("Item").map(Element::own).collect();
        assert_eq!((items, read.verbatim("content")), (vec!["a", "b"], " a<b>&amp;\n"));
    }

    #[test]
    fn what_would_harm_is_not_read() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><a>&b;</a></xml>";
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        let wide = format!("<xml>{}</xml>", "<a/>".repeat(XML_NODES_MAX + 1));
        let large = format!("<xml>{}</xml>", "a".repeat(XML_BYTES_MAX));
        for bad in [bomb, "<xml>&b;</xml>", "<xml><a></xml>", "<xml>", "", "nonsense", &deep, &wide, &large] {
            assert!(read(bad).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
