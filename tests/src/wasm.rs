//! WebAssembly modules written byte by byte: small ones, and the hardest on a compiler that the limits let in.

/// Most bytes of a module: `MODULE_BYTES` of the limits page.
pub const MODULE_BYTES: usize = 524_288;
/// Most functions: `FUNCTIONS`.
pub const FUNCTIONS: usize = 8_192;
/// Most bytes of one body: `BODY_BYTES`.
pub const BODY_BYTES: usize = 131_072;
/// Most locals of one function: `LOCALS`.
pub const LOCALS: u32 = 2_048;
/// Most blocks open at once, the function's own counted: `BLOCK_DEPTH`.
pub const BLOCK_DEPTH: usize = 512;
/// Most targets of one `br_table`, the default counted: `BRANCH_TARGETS`.
pub const BRANCH_TARGETS: usize = 4_096;

/// Bytes of code in a body of which four fit into one module, its other sections beside them.
const ROOM: usize = BODY_BYTES - 2_048;

/// Instructions, as far as the tests write them.
pub mod op {
    /// `loop` without values.
    pub const LOOP: [u8; 2] = [0x03, 0x40];
    /// `block` without values.
    pub const BLOCK: [u8; 2] = [0x02, 0x40];
    /// `end`.
    pub const END: u8 = 0x0b;
    /// `br 0`.
    pub const BR_0: [u8; 2] = [0x0c, 0x00];
    /// `br_if`, before its label.
    pub const BR_IF: u8 = 0x0d;
    /// `br_table`, before its labels.
    pub const BR_TABLE: u8 = 0x0e;
    /// `return`.
    pub const RETURN: u8 = 0x0f;
    /// `drop`.
    pub const DROP: u8 = 0x1a;
    /// `nop`.
    pub const NOP: u8 = 0x01;
    /// `local.get 0`.
    pub const GET_0: [u8; 2] = [0x20, 0x00];
    /// `i32.const 0`.
    pub const ZERO: [u8; 2] = [0x41, 0x00];
    /// `i32.load` at the address on the stack.
    pub const LOAD: [u8; 3] = [0x28, 0x02, 0x00];
    /// `f32.sqrt`.
    pub const SQRT: u8 = 0x91;
}

/// A module of functions `() -> ()` and one exported page of memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Module {
    /// Locals and code of each function.
    pub bodies: Vec<Vec<u8>>,
    /// Functions that are exported, by name and index.
    pub exports: Vec<(&'static str, u32)>,
}

impl Module {
    /// The module's bytes.
    ///
    /// # Panics
    /// If a count does not fit the machine's own: never here.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        section(&mut module, 1, &[1, 0x60, 0, 0]);
        let mut functions = leb(self.bodies.len());
        functions.resize(functions.len() + self.bodies.len(), 0);
        section(&mut module, 3, &functions);
        section(&mut module, 5, &[1, 0, 1]);
        let mut exports = leb(self.exports.len() + 1);
        exports.extend(named("memory"));
        exports.extend([2, 0]);
        for (name, index) in &self.exports {
            exports.extend(named(name));
            exports.push(0);
            exports.extend(leb(usize::try_from(*index).expect("an index")));
        }
        section(&mut module, 7, &exports);
        let mut code = leb(self.bodies.len());
        for body in &self.bodies {
            code.extend(leb(body.len()));
            code.extend(body);
        }
        section(&mut module, 10, &code);
        module
    }
}

/// A body with `locals` of type i32 around `code`; the last `end` is added.
///
/// # Panics
/// If a count does not fit the machine's own: never here.
#[must_use]
pub fn body(locals: u32, code: &[u8]) -> Vec<u8> {
    let mut body = match usize::try_from(locals).expect("a count") {
        0 => vec![0],
        count => [&[1], &leb(count)[..], &[0x7f]].concat(),
    };
    body.extend(code);
    body.push(op::END);
    body
}

/// `module` with custom sections behind it, so that it has `size` bytes.
///
/// # Panics
/// If it is too long already, or two bytes short of `size`, which no section fills.
#[must_use]
pub fn padded(mut module: Vec<u8>, size: usize) -> Vec<u8> {
    let missing = size.checked_sub(module.len()).expect("room for padding");
    if missing == 0 {
        return module;
    }
    // Identity, length in three bytes (padded, as the format allows), an empty name, and nothing of meaning.
    let length = missing.checked_sub(4).expect("room for a section");
    let three = |shift: u32| u8::try_from((length >> shift) & 0x7f).expect("seven bits");
    module.extend([0, three(0) | 0x80, three(7) | 0x80, three(14)]);
    module.resize(size, 0);
    module
}

/// A number as the format writes it.
///
/// # Panics
/// Never: seven bits fit a byte.
#[must_use]
pub fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn named(name: &str) -> Vec<u8> {
    [&leb(name.len())[..], name.as_bytes()].concat()
}

fn section(module: &mut Vec<u8>, id: u8, content: &[u8]) {
    module.push(id);
    module.extend(leb(content.len()));
    module.extend(content);
}

/// Modules that are as hard on a compiler as the limits allow: what is hard about each, and its bytes.
#[must_use]
pub fn hardest() -> Vec<(&'static str, Vec<u8>)> {
    let filled = |bodies: Vec<Vec<u8>>| Module { bodies, exports: Vec::new() }.encode();
    let repeated = |count: usize, body: Vec<u8>| filled(vec![body; count]);
    vec![
        ("the most functions, each with the most locals", repeated(FUNCTIONS, body(LOCALS, &copies(8)))),
        ("the longest branch tables in the deepest blocks", repeated(4, tables(0, 1))),
        ("the longest branch tables over a thousand values", repeated(4, tables(1_000, 1))),
        ("the longest branch tables, each to every depth", repeated(4, tables(1_000, BLOCK_DEPTH))),
        ("branches out of the deepest blocks over a thousand values", repeated(4, branches(1_000, 12_000))),
        ("the deepest blocks with the most locals", repeated(330, body(LOCALS, &nested(&[])))),
        ("loads, each with its check", repeated(4, body(1, &loads(ROOM / 6)))),
        ("roots, each as long as instrumentation makes it", repeated(1, body(0, &roots(100_000)))),
    ]
}

/// Copies the last local to the one before it.
fn copies(count: usize) -> Vec<u8> {
    let [last, before] = [LOCALS - 1, LOCALS - 2].map(|index| leb(usize::try_from(index).expect("an index")));
    [&[0x20], &last[..], &[0x21], &before[..]].concat().repeat(count)
}

/// `code` inside blocks, so that one more than it opens none itself may be open.
fn nested(code: &[u8]) -> Vec<u8> {
    let depth = BLOCK_DEPTH - 1;
    [op::BLOCK.repeat(depth), code.to_vec(), vec![op::END; depth]].concat()
}

/// As many of the longest `br_table` as a body holds, in the deepest blocks, each over `values`, its targets going
/// through the `depths` inmost blocks.
fn tables(values: usize, depths: usize) -> Vec<u8> {
    let mut table = op::BLOCK.to_vec();
    table.extend(op::GET_0.repeat(values));
    table.extend(op::ZERO);
    table.push(op::BR_TABLE);
    table.extend(leb(BRANCH_TARGETS - 1));
    (0..BRANCH_TARGETS).for_each(|target| table.extend(leb(target % depths)));
    table.push(op::END);
    let blocks = BLOCK_DEPTH - 2;
    let all = table.repeat((ROOM - blocks * 3) / table.len());
    body(1, &[op::BLOCK.repeat(blocks), all, vec![op::END; blocks]].concat())
}

/// Branches out of all the deepest blocks but the function's own, over `values`.
fn branches(values: usize, count: usize) -> Vec<u8> {
    let mut branch = op::ZERO.to_vec();
    branch.push(op::BR_IF);
    branch.extend(leb(BLOCK_DEPTH - 2));
    let all = [op::GET_0.repeat(values), branch.repeat(count), vec![op::RETURN]].concat();
    body(1, &nested(&all))
}

fn loads(count: usize) -> Vec<u8> {
    [&op::GET_0[..], &op::LOAD[..], &[op::DROP]].concat().repeat(count)
}

fn roots(count: usize) -> Vec<u8> {
    let one = [0x43, 0x00, 0x00, 0x80, 0x3f];
    [&one[..], &vec![op::SQRT; count][..], &[op::DROP]].concat()
}
