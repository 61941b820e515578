//! What the expansion of [`contract`](macro@crate::contract) calls.

/// Ends the call: what was read is not what the declaration says.
pub fn differs() -> ! {
    crate::trap()
}

/// The greatest of some sizes.
#[must_use]
pub const fn greatest(sizes: &[usize]) -> usize {
    let (mut greatest, mut rest) = (0, sizes);
    while let [size, after @ ..] = rest {
        if *size > greatest {
            greatest = *size;
        }
        rest = after;
    }
    greatest
}

/// The bytes of a text of `SIZE` bytes, for a custom section of the module.
///
/// # Panics
/// If the text has another size; only evaluated by the compiler.
#[must_use]
pub const fn source<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    match text.as_bytes().first_chunk() {
        Some(bytes) if text.len() == SIZE => *bytes,
        _ => panic!("the text has another size"),
    }
}
