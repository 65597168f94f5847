//! Writing JSON around things that are JSON already, so that events are copied and not parsed again.

use bytes::Bytes;

/// Appends a list of things that are JSON already.
pub fn append_array(out: &mut Vec<u8>, values: &[Bytes]) {
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(value);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_its_values_as_they_are() {
        for (values, expected) in
            [(&[][..], "[]"), (&["{\"a\":1.50}"], "[{\"a\":1.50}]"), (&["1", "{}"], "[1,{}]")]
        {
            let values: Vec<Bytes> =
                values.iter().map(|value| Bytes::from_static(value.as_bytes())).collect();
            let mut out = Vec::new();
            append_array(&mut out, &values);
            assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
        }
    }
}
