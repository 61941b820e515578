//! Lists: at most so many values behind a compact count.

use core::marker::PhantomData;

use crate::codec::{Datum, Reader, Writer, length_size};
use crate::trap;

/// At most `MAX` values of `T`. It borrows the encoded values from the memory of the call, and decodes them one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List<T, const MAX: u32> {
    count: u32,
    encoded: &'static [u8],
    values: PhantomData<fn() -> T>,
}

impl<T: Datum, const MAX: u32> List<T, MAX> {
    /// Takes values; `None` if there are more than `MAX`.
    #[must_use]
    pub fn new(values: &[T]) -> Option<Self> {
        let count = u32::try_from(values.len()).ok().filter(|count| *count <= MAX)?;
        let size = values.iter().fold(0usize, |size, value| size.wrapping_add(value.size()));
        let mut writer = Writer::new(size);
        values.iter().for_each(|value| value.encode(&mut writer));
        Some(Self { count, encoded: writer.finish(), values: PhantomData })
    }

    /// Count of values.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        let mut reader = Reader::new(self.encoded);
        (0..self.count).map(move |_| T::decode(&mut reader))
    }
}

impl<T: Datum, const MAX: u32> Datum for List<T, MAX> {
    const SIZE_MAX: usize = length_size(MAX) + MAX as usize * T::SIZE_MAX;

    fn size(&self) -> usize {
        length_size(self.count).wrapping_add(self.encoded.len())
    }

    fn encode(&self, writer: &mut Writer) {
        writer.write_length(self.count);
        writer.write(self.encoded);
    }

    fn decode(reader: &mut Reader) -> Self {
        let count = reader.take_length();
        if count > MAX {
            trap();
        }
        let mut ahead = reader.clone();
        let size = (0..count).fold(0usize, |size, _| size.wrapping_add(T::decode(&mut ahead).size()));
        Self { count, encoded: reader.take(size), values: PhantomData }
    }
}
