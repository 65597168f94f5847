//! XML as WebDAV uses it: a small tree, read within bounds, and what an answer is written with.

use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event},
    name::ResolveResult,
};

use crate::limits::{XML_DEPTH_MAX, XML_NODES_MAX};

/// The namespace of WebDAV.
pub(crate) const DAV: &str = "DAV:";
/// The namespace of CalDAV.
pub(crate) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// The namespace of Apple's Calendar Server, for its one property that every client asks for.
pub(crate) const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub namespace: String,
    pub name: String,
    /// Attributes without a namespace.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Self>,
    /// The text directly in it.
    pub text: String,
}

/// Why a document is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("the XML cannot be read: {0}")]
    Malformed(String),
    #[error("the XML is too deep or too large")]
    TooLarge,
}

impl Element {
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    pub fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document. Entities other than those of XML itself, and document types, are refused.
pub(crate) fn read(bytes: &[u8]) -> Result<Element, XmlError> {
    let malformed = |error: &dyn std::fmt::Display| XmlError::Malformed(error.to_string());
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut nodes = 0;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|error| malformed(&error))?;
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => String::from_utf8_lossy(namespace.0).into_owned(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
        };
        match event {
            Event::Start(start) => {
                open.push(element(namespace, &start, &mut nodes)?);
                if open.len() > XML_DEPTH_MAX {
                    return Err(XmlError::TooLarge);
                }
            }
            Event::Empty(start) => {
                let element = element(namespace, &start, &mut nodes)?;
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

fn element(namespace: String, start: &BytesStart<'_>, nodes: &mut usize) -> Result<Element, XmlError> {
    let malformed = |error: &dyn std::fmt::Display| XmlError::Malformed(error.to_string());
    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| malformed(&error))?
            .into_owned();
        attributes.push((key, value));
        *nodes += 1;
    }
    *nodes += 1;
    if *nodes > XML_NODES_MAX {
        return Err(XmlError::TooLarge);
    }
    Ok(Element { namespace, name, attributes, children: Vec::new(), text: String::new() })
}

/// Text for an answer.
pub(crate) fn escaped(text: &str) -> String {
    // Control characters are nothing that XML can say.
    let clean: String =
        text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t')).collect();
    // A bare carriage return would be read as a line feed, and lines of a calendar end with both.
    quick_xml::escape::escape(clean).replace('\r', "&#13;")
}
