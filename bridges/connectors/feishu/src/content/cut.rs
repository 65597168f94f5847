//! Long rich messages cut into several: between lines if that does, else between nodes, else in their midst.

use serde_json::{Value, json};

use crate::limits::POST_BYTES_MAX;

/// Bytes kept for what stands around the lines and for the name before them.
const AROUND_BYTES: usize = 1024;
/// One line of a rich message: its nodes.
pub type Line = Vec<Value>;

/// Lines by as many as fit into one message.
pub fn pieces(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let room = POST_BYTES_MAX - AROUND_BYTES;
    let (mut pieces, mut piece, mut used) = (Vec::new(), Vec::new(), 0);
    for line in lines.into_iter().flat_map(|line| short_lines(line, room)) {
        let bytes = size(&line) + 1;
        if used + bytes > room && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        used += bytes;
        piece.push(line);
    }
    pieces.push(piece);
    pieces
}

fn size(line: &Line) -> usize {
    line.iter().map(|node| node.to_string().len() + 1).sum::<usize>() + 2
}

/// A line that is too long for one message, cut where its nodes end or in their midst.
fn short_lines(line: Line, room: usize) -> Vec<Line> {
    if size(&line) < room {
        return vec![line];
    }
    let (mut lines, mut current, mut used) = (Vec::new(), Line::new(), 2);
    for node in line.into_iter().flat_map(|node| short_nodes(node, room / 2)) {
        let bytes = node.to_string().len() + 1;
        if used + bytes >= room && !current.is_empty() {
            lines.push(std::mem::take(&mut current));
            used = 2;
        }
        used += bytes;
        current.push(node);
    }
    lines.push(current);
    lines
}

/// A node whose letters are too many, as several that look the same.
fn short_nodes(node: Value, room: usize) -> Vec<Value> {
    let Some(text) = node["text"].as_str().filter(|_| node.to_string().len() > room) else {
        return vec![node];
    };
    // A letter takes six bytes of JSON at most, four of UTF-8.
    let letters = room / 8;
    let (mut nodes, mut part) = (Vec::new(), String::new());
    for letter in text.chars() {
        part.push(letter);
        let line_ends = letter == '\n' && part.len() > letters / 2;
        if part.len() >= letters || line_ends {
            nodes.push(with_text(&node, part.trim_end_matches('\n')));
            part.clear();
        }
    }
    if !part.is_empty() {
        nodes.push(with_text(&node, &part));
    }
    nodes
}

fn with_text(node: &Value, text: &str) -> Value {
    let mut node = node.clone();
    node["text"] = json!(text);
    node
}
