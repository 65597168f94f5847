//! The arguments behind the question mark of a request.

use super::percent_decode;

/// A query, for arguments that ruma does not read.
#[derive(Clone, Debug, Default)]
pub struct Arguments(String);

impl Arguments {
    /// The arguments of a request's target.
    pub(crate) fn of_uri(uri: &http::Uri) -> Self {
        Self(uri.query().unwrap_or_default().to_owned())
    }

    /// The first argument of this name, decoded; none when it does not decode to UTF-8.
    pub fn get(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Every argument of this name, decoded.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .filter(move |(key, _)| percent_decode(key).is_some_and(|key| key == name))
            .filter_map(|(_, value)| percent_decode(value))
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn arguments_are_found_by_name_and_decoded() {
        let uri = "/x?a=1&b=two%20words&a=3&org.matrix.msc4140.delay=5&c".parse().unwrap();
        let query = Arguments::of_uri(&uri);
        assert_eq!(query.get("b").as_deref(), Some("two words"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(query.get("org.matrix.msc4140.delay").as_deref(), Some("5"));
        assert_eq!(query.get("c").as_deref(), Some(""));
        assert_eq!(query.get("d"), None);
    }
}
