//! What a module's bytecode adds to what `inspect` says: which methods never do what the module's imports would allow.

use chainstack_audit::{Ability, Reachability};
use chainstack_client::inspect::Claim;
use chainstack_primitives::manifest::Manifest;

/// For each ability that some of the code has, the methods whose code never reaches it: PROVEN, whatever they are called
/// with. Of what is not known nothing is said.
pub(super) fn claims(manifest: &Manifest, code: &Reachability) -> Vec<Claim> {
    let methods: Vec<&str> = manifest.methods().map(|name| name.as_str()).collect();
    let claim = |ability: Ability| {
        let (never, may): (Vec<&str>, Vec<&str>) =
            methods.iter().partition(|method| code.never(method, ability));
        let names: Vec<String> = never.iter().map(|name| format!("`{name}`")).collect();
        let does = ability.text();
        // Where none does, the imports have said so already.
        (!never.is_empty() && !may.is_empty()).then(|| {
            Claim::proven(format!(
                "the code of {} never {does}: no call in it leads to any of {}",
                names.join(", "),
                ability.functions().join(", ")
            ))
        })
    };
    Ability::ALL.into_iter().filter_map(claim).collect()
}
