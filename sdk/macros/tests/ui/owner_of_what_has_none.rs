// A guard that names the owner of an item which has none.

/// Wares.
#[contract]
mod wares {
    /// What is stored.
    #[cells]
    struct Cells {
        /// Wares.
        #[cell(id = 1, key(ware))]
        wares: Map<u32, Hash>,
    }

    /// Marks.
    #[transition(item = existing(wares[arg.ware]), guard = "item.$owner == caller", gas = 1)]
    fn mark(ware: u32);
}
