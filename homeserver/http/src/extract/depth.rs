//! Depth of JSON, measured before any parser recurses into it.

/// Whether arrays and objects nest deeper than `depth_max`. One pass without allocation; text that is
/// no JSON gets some answer and is the parser's to refuse.
pub fn json_depth_exceeds(json: &[u8], depth_max: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > depth_max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::json_depth_exceeds;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let cases = [
            ("", 0, false),
            ("1", 0, false),
            ("{}", 0, true),
            ("{}", 1, false),
            (r#"{"a":[1]}"#, 1, true),
            (r#"{"a":[1],"b":[2]}"#, 2, false),
            (r#"{"[[[[":"{{{{"}"#, 1, false),
            (r#"{"a\"[[[":1}"#, 1, false),
            (r#"{"a\\":[[]]}"#, 2, true),
            ("]]]]{", 1, false),
        ];
        for (json, depth_max, expected) in cases {
            assert_eq!(json_depth_exceeds(json.as_bytes(), depth_max), expected, "{json}");
        }
        assert!(json_depth_exceeds("[".repeat(10_000).as_bytes(), 100));
    }
}
