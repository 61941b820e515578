//! SCALE for guests: exactly the chain's bytes, by the smallest code.
//!
//! A contract's values are bounded, checked by the host on the way in and out, and live as long as the call. So
//! decoding never fails softly (what does not fit traps), borrows instead of copying, and nothing is freed. A test
//! holds these bytes equal to those of `parity-scale-codec`, which the chain itself uses.

use crate::{memory, trap};

/// A value that crosses the boundary, of bounded size.
pub trait Datum: Sized {
    /// Greatest encoded size in bytes.
    const SIZE_MAX: usize;

    /// Encoded size of this value in bytes, at most [`Datum::SIZE_MAX`].
    fn size(&self) -> usize {
        Self::SIZE_MAX
    }

    /// Appends the value.
    fn encode(&self, writer: &mut Writer);

    /// Takes one value; traps if there is none.
    fn decode(reader: &mut Reader) -> Self;

    /// Hands the encoding to `use_bytes`.
    fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        let mut writer = Writer::new(self.size());
        self.encode(&mut writer);
        use_bytes(writer.finish())
    }
}

/// Room that is filled from the front.
#[derive(Debug)]
pub struct Writer {
    room: &'static mut [u8],
    used: usize,
}

impl Writer {
    /// Room for `size` bytes.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { room: memory::room(size), used: 0 }
    }

    /// Appends bytes; traps if they do not fit.
    pub fn write(&mut self, bytes: &[u8]) {
        let Some((to, _)) =
            self.room.get_mut(self.used..).and_then(|rest| rest.split_at_mut_checked(bytes.len()))
        else {
            trap()
        };
        to.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.used = self.used.wrapping_add(bytes.len());
    }

    /// [`Writer::write`] of a fixed count.
    pub fn write_array<const N: usize>(&mut self, bytes: &[u8; N]) {
        let Some(to) = self.room.get_mut(self.used..).and_then(|rest| rest.first_chunk_mut()) else { trap() };
        *to = *bytes;
        self.used = self.used.wrapping_add(N);
    }

    /// Appends a compact length; traps past 2^30.
    pub fn write_length(&mut self, length: u32) {
        match length {
            0..=0x3f => self.write_array(&[(length << 2) as u8]),
            0x40..=0x3fff => self.write_array(&((length << 2 | 1) as u16).to_le_bytes()),
            0x4000..=0x3fff_ffff => self.write_array(&(length << 2 | 2).to_le_bytes()),
            _ => trap(),
        }
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'static [u8] {
        self.room.get(..self.used).unwrap_or_else(|| trap())
    }
}

/// Bytes that are taken from the front.
#[derive(Clone, Debug)]
pub struct Reader {
    rest: &'static [u8],
}

impl Reader {
    /// Reads `bytes`.
    #[must_use]
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Takes so many bytes; traps if there are fewer.
    pub fn take(&mut self, count: usize) -> &'static [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else { trap() };
        self.rest = rest;
        taken
    }

    /// [`Reader::take`] of a fixed count.
    pub fn take_array<const N: usize>(&mut self) -> &'static [u8; N] {
        let Some((taken, rest)) = self.rest.split_first_chunk() else { trap() };
        self.rest = rest;
        taken
    }

    /// Takes a compact length.
    pub fn take_length(&mut self) -> u32 {
        let [first] = *self.take_array();
        match first & 3 {
            0 => u32::from(first >> 2),
            1 => {
                let [second] = *self.take_array();
                u32::from(u16::from_le_bytes([first, second]) >> 2)
            }
            2 => {
                let [second, third, fourth] = *self.take_array();
                u32::from_le_bytes([first, second, third, fourth]) >> 2
            }
            _ => trap(),
        }
    }

    /// Ends reading; traps if bytes are left.
    pub fn finish(self) {
        if !self.rest.is_empty() {
            trap();
        }
    }
}

/// Decodes exactly one value; anything else traps.
pub fn decode_all<T: Datum>(bytes: &'static [u8]) -> T {
    let mut reader = Reader::new(bytes);
    let value = T::decode(&mut reader);
    reader.finish();
    value
}

/// Size of a compact length.
#[must_use]
pub const fn length_size(length: u32) -> usize {
    match length {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        _ => 4,
    }
}

macro_rules! integers {
    ($($ty:ident)*) => {
        $(impl Datum for $ty {
            const SIZE_MAX: usize = size_of::<$ty>();

            fn encode(&self, writer: &mut Writer) {
                writer.write_array(&self.to_le_bytes());
            }

            fn decode(reader: &mut Reader) -> Self {
                Self::from_le_bytes(*reader.take_array())
            }

            fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
                use_bytes(&self.to_le_bytes())
            }
        })*
    };
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

impl Datum for bool {
    const SIZE_MAX: usize = 1;

    fn encode(&self, writer: &mut Writer) {
        writer.write_array(&[u8::from(*self)]);
    }

    fn decode(reader: &mut Reader) -> Self {
        match *reader.take_array() {
            [0] => false,
            [1] => true,
            _ => trap(),
        }
    }

    fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        use_bytes(&[u8::from(*self)])
    }
}

impl<const N: usize> Datum for [u8; N] {
    const SIZE_MAX: usize = N;

    fn encode(&self, writer: &mut Writer) {
        writer.write_array(self);
    }

    fn decode(reader: &mut Reader) -> Self {
        *reader.take_array()
    }

    fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        use_bytes(self)
    }
}

impl<T: Datum> Datum for Option<T> {
    const SIZE_MAX: usize = T::SIZE_MAX + 1;

    fn size(&self) -> usize {
        self.as_ref().map_or(0, T::size).wrapping_add(1)
    }

    fn encode(&self, writer: &mut Writer) {
        self.is_some().encode(writer);
        if let Some(value) = self {
            value.encode(writer);
        }
    }

    fn decode(reader: &mut Reader) -> Self {
        if bool::decode(reader) { Some(T::decode(reader)) } else { None }
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(impl<$($name: Datum),*> Datum for ($($name,)*) {
            const SIZE_MAX: usize = 0 $(+ $name::SIZE_MAX)*;

            fn size(&self) -> usize {
                #[expect(non_snake_case, reason = "named after the type parameters")]
                let ($($name,)*) = self;
                0usize $(.wrapping_add($name.size()))*
            }

            fn encode(&self, _writer: &mut Writer) {
                #[expect(non_snake_case, reason = "named after the type parameters")]
                let ($($name,)*) = self;
                $($name.encode(_writer);)*
            }

            fn decode(_reader: &mut Reader) -> Self {
                ($($name::decode(_reader),)*)
            }
        })*
    };
}

impl Datum for () {
    const SIZE_MAX: usize = 0;

    fn encode(&self, _: &mut Writer) {}

    fn decode(_: &mut Reader) -> Self {}

    fn with_bytes<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        use_bytes(&[])
    }
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M) (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
}
