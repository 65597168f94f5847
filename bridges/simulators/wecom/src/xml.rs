//! XML as the platform writes it, from a tree of JSON, and as it reads the answers to its posts.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

const DEPTH_MAX: usize = 32;

/// `<xml>..</xml>`: texts as CDATA, numbers bare, objects nested, lists as siblings of one name.
pub(crate) fn write(fields: &Value) -> String {
    let mut text = String::new();
    put("xml", fields, &mut text);
    text
}

fn put(name: &str, value: &Value, out: &mut String) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| put(name, item, out));
        return;
    }
    out.push_str(&format!("<{name}>"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| put(name, value, out)),
        // A text that holds the end of CDATA goes on in another one.
        Value::String(text) => {
            out.push_str("<![CDATA[");
            out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
            out.push_str("]]>");
        }
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
    out.push_str(&format!("</{name}>"));
}

/// Reads a document: leaves are texts, siblings of one name a list. Nothing when it is no XML.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = String::from_utf8(start.local_name().as_ref().to_vec()).ok()?;
                open.push((name, Map::new(), String::new()));
                if open.len() > DEPTH_MAX {
                    return None;
                }
            }
            Event::End(_) => {
                let (name, children, text) = open.pop()?;
                let value = if children.is_empty() {
                    Value::String(text.trim().to_owned())
                } else {
                    Value::Object(children)
                };
                match open.last_mut() {
                    Some((_, siblings, _)) => add(siblings, name, value),
                    None => return Some(value),
                }
            }
            Event::Text(words) => open.last_mut()?.2.push_str(&words.xml10_content().ok()?),
            Event::CData(words) => open.last_mut()?.2.push_str(&words.xml10_content().ok()?),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::GeneralRef(_) | Event::DocType(_) | Event::Eof => return None,
        }
    }
}

fn add(siblings: &mut Map<String, Value>, name: String, value: Value) {
    match siblings.get_mut(&name) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let first = first.take();
            siblings.insert(name, Value::Array(vec![first, value]));
        }
        None => {
            siblings.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let tree = json!({
            "Content": "a ]]> b <c> & d", "CreateTime": 1_700_000_000, "None": null,
            "Items": { "Item": [{ "Id": "1" }, { "Id": "2" }] },
        });
        let text = write(&tree);
        assert!(text.starts_with("<xml><Content><![CDATA[a ]]]]><![CDATA[> b <c> & d]]></Content>"));
        assert!(text.contains("<CreateTime>1700000000</CreateTime>"));
        let read = read(&text).unwrap();
        assert_eq!(read["Content"], "a ]]> b <c> & d");
        assert_eq!(read["Items"]["Item"][1]["Id"], "2");
    }

    #[test]
    fn what_is_no_xml_is_not_read() {
        assert_eq!(read(""), None);
        assert_eq!(read("success"), None);
        assert_eq!(read("<xml><a>"), None);
        assert_eq!(read("<!DOCTYPE x [<!ENTITY a \"b\">]><xml><a>&a;</a></xml>"), None);
    }
}
