//! What the host gives to running code: functions by index, and what they see of the caller.

/// Greatest number of parameters of a host function.
///
/// On 64-bit Apple processors arguments past the seventh are packed, so that fewer fit the one calling
/// convention that the bridge relies on.
pub const HOST_PARAMS_MAX: usize =
    if cfg!(all(target_vendor = "apple", target_arch = "aarch64")) { 7 } else { 12 };

/// Type of a parameter or result of a host function. Floats never cross the boundary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueKind {
    /// A 32-bit integer, passed in the low half of a `u64`; the upper half is zero.
    I32,
    /// A 64-bit integer.
    I64,
}

/// Name and type of one host function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostFunctionSignature {
    /// Field name of the import.
    pub name: &'static str,
    /// At most [`HOST_PARAMS_MAX`] parameters.
    pub params: &'static [ValueKind],
    /// The result, if any.
    pub result: Option<ValueKind>,
}

/// The table of host functions: what code may import, and the numbers by which [`Host::call`] knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostFunctions {
    /// Module name of every import.
    pub module: &'static str,
    /// The functions; the index is the number of the function.
    pub functions: &'static [HostFunctionSignature],
}

impl HostFunctions {
    /// Number and signature of the function called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(u32, &'static HostFunctionSignature)> {
        let index = self.functions.iter().position(|function| function.name == name)?;
        Some((u32::try_from(index).ok()?, self.functions.get(index)?))
    }
}

/// The host's reason to end a call from inside one of its functions. The number is the host's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostTrap(pub u32);

/// Host functions, dispatched by number.
pub trait Host {
    /// Runs host function `function` (index in [`HostFunctions`]) for the code behind `guest`.
    ///
    /// `args` has the length of the declared parameters. The result is ignored if none is declared, and cut to 32 bits
    /// if it is declared as such. May start nested calls.
    ///
    /// # Errors
    /// A [`HostTrap`] ends the guest's call with [`Outcome::Host`](crate::Outcome::Host).
    fn call(&mut self, function: u32, args: &[u64], guest: &mut Guest<'_>) -> Result<u64, HostTrap>;
}

/// A host without functions: every host call ends the call with [`NoHost::TRAP`]. Used for `_initialize`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl NoHost {
    /// The trap of every call.
    pub const TRAP: HostTrap = HostTrap(u32::MAX);
}

impl Host for NoHost {
    fn call(&mut self, _function: u32, _args: &[u64], _guest: &mut Guest<'_>) -> Result<u64, HostTrap> {
        Err(Self::TRAP)
    }
}

/// The calling code as a host function sees it: memory and remaining budgets.
#[derive(Debug)]
pub struct Guest<'a> {
    pub(crate) memory: &'a mut [u8],
    pub(crate) gas: &'a mut u64,
    pub(crate) stack: u32,
}

impl Guest<'_> {
    /// The whole memory.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        self.memory
    }

    /// The whole memory, for writing.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        self.memory
    }

    /// The `length` bytes at `pointer`, or `None` if they are not all inside memory.
    #[must_use]
    pub fn bytes(&self, pointer: u32, length: u32) -> Option<&[u8]> {
        let start = usize::try_from(pointer).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.memory.get(start..end)
    }

    /// The `length` bytes at `pointer` for writing, or `None` if they are not all inside memory.
    pub fn bytes_mut(&mut self, pointer: u32, length: u32) -> Option<&mut [u8]> {
        let start = usize::try_from(pointer).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.memory.get_mut(start..end)
    }

    /// Gas left to the caller.
    #[must_use]
    pub fn gas(&self) -> u64 {
        *self.gas
    }

    /// Sets the gas left to the caller.
    pub fn set_gas(&mut self, gas: u64) {
        *self.gas = gas;
    }

    /// Takes `amount` from the gas left; `false`, and nothing taken, if there is less.
    #[must_use]
    pub fn charge(&mut self, amount: u64) -> bool {
        match self.gas.checked_sub(amount) {
            Some(left) => {
                *self.gas = left;
                true
            }
            None => false,
        }
    }

    /// Stack units left below the caller: what a nested call may be given at most.
    #[must_use]
    pub fn stack(&self) -> u32 {
        self.stack
    }
}
