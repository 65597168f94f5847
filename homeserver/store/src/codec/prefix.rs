//! Which values begin which keys, so that a scan by prefix cannot name a wrong one.

use super::{KeyOf, KeyWriter};

/// The first parts of a key of type `K`: its first part bare, or a tuple of its first parts.
#[diagnostic::on_unimplemented(message = "`{Self}` is not the beginning of a key of type `{K}`")]
pub trait PrefixOf<K> {
    /// Writes the bytes that begin every such key.
    fn encode_prefix(&self, out: &mut KeyWriter);
}

impl<K, T: PrefixOf<K> + ?Sized> PrefixOf<K> for &T {
    fn encode_prefix(&self, out: &mut KeyWriter) {
        (**self).encode_prefix(out);
    }
}

/// Implements the bare first part for tuples of two to five parts. Used by `store::key!`.
#[doc(hidden)]
#[macro_export]
macro_rules! prefixes {
    ($owned:ty, $given:ty) => {
        $crate::prefixes!(@one $owned, $given, B);
        $crate::prefixes!(@one $owned, $given, B C);
        $crate::prefixes!(@one $owned, $given, B C D);
        $crate::prefixes!(@one $owned, $given, B C D E);
    };
    (@one $owned:ty, $given:ty, $($rest:ident)+) => {
        impl<$($rest),+> $crate::PrefixOf<($owned, $($rest),+)> for $given {
            fn encode_prefix(&self, out: &mut $crate::KeyWriter) {
                $crate::KeyOf::<$owned>::encode_key(self, out);
            }
        }
    };
}

macro_rules! tuple_prefixes {
    ($(($($key:ident $part:ident $index:tt),+) of $($rest:ident)+;)+) => {$(
        impl<$($key,)+ $($rest,)+ $($part: KeyOf<$key>),+> PrefixOf<($($key,)+ $($rest,)+)> for ($($part,)+) {
            fn encode_prefix(&self, out: &mut KeyWriter) {
                $(self.$index.encode_key(out);)+
            }
        }
    )+};
}

tuple_prefixes! {
    (A QA 0) of B;
    (A QA 0) of B C;
    (A QA 0) of B C D;
    (A QA 0) of B C D E;
    (A QA 0, B QB 1) of C;
    (A QA 0, B QB 1) of C D;
    (A QA 0, B QB 1) of C D E;
    (A QA 0, B QB 1, C QC 2) of D;
    (A QA 0, B QB 1, C QC 2) of D E;
    (A QA 0, B QB 1, C QC 2, D QD 3) of E;
}
