//! Packed numbers: seven bits to a byte, differences instead of values.

use store::CodecError;

/// Appends a number; small numbers take few bytes.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the difference of two numbers, either sign.
pub(super) fn put_difference(out: &mut Vec<u8>, number: u64, base: u64) {
    let difference = number.wrapping_sub(base) as i64;
    put(out, (difference << 1 ^ difference >> 63) as u64);
}

/// Walks over packed numbers.
pub(super) struct Unpack<'a>(pub &'a [u8]);

impl<'a> Unpack<'a> {
    pub fn number(&mut self) -> Result<u64, CodecError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) =
                self.0.split_first().ok_or_else(|| CodecError::new("packed number is cut off"))?;
            self.0 = rest;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CodecError::new("packed number is too long"))
    }

    pub fn difference(&mut self, base: u64) -> Result<u64, CodecError> {
        let folded = self.number()?;
        let difference = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        Ok(base.wrapping_add(difference as u64))
    }

    /// A count of things that take at least one byte each; anything greater is corruption.
    pub fn count(&mut self) -> Result<usize, CodecError> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.0.len() {
            return Err(CodecError::new("packed list is cut off"));
        }
        Ok(count)
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (bytes, rest) =
            self.0.split_first_chunk::<N>().ok_or_else(|| CodecError::new("packed row is cut off"))?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub fn finish(self) -> Result<(), CodecError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodecError::new("bytes behind a packed row")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_differences_come_back(numbers in prop::collection::vec((any::<u64>(), any::<u64>()), 0..50)) {
            let mut out = Vec::new();
            for (number, base) in &numbers {
                put(&mut out, *number);
                put_difference(&mut out, *number, *base);
            }
            let mut unpack = Unpack(&out);
            for (number, base) in &numbers {
                prop_assert_eq!(unpack.number().unwrap(), *number);
                prop_assert_eq!(unpack.difference(*base).unwrap(), *number);
            }
            unpack.finish().unwrap();
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut unpack = Unpack(&bytes);
            while unpack.number().is_ok() {}
            prop_assert!(Unpack(&bytes).count().map_or(true, |count| count <= bytes.len()));
        }
    }
}
