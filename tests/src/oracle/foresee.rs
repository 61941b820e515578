//! What a call is about, worked out before it is made: whether the declaration lets it in, and what it may change.

use std::sync::Arc;

use chainstack_primitives::{
    AccountId,
    manifest::{Exit, HOST_METHODS, ItemBinding, KeyTerm, Ops, Touches, Transition, TransitionKind},
};

use super::{
    facts::{Bound, Facts, Verdict},
    model::{Contract, bound_cell, split_fields},
    world::{Ask, Call, World},
};

/// What a call asks for, of what is declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// The transition with this index.
    Transition(usize),
    /// The exit with this index.
    Exit(usize),
    /// A method that the host owns.
    Host,
    /// Nothing that is declared: it must be refused.
    Nothing,
}

/// An item, as it was before the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its cell.
    pub cell: u16,
    /// Its key.
    pub key: Vec<u8>,
    /// What was stored.
    pub value: Option<Vec<u8>>,
}

/// A place that a transition may touch, with its terms worked out; none: any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The cell.
    pub cell: u16,
    /// One for each field of the key.
    pub key: Vec<Option<Vec<u8>>>,
    /// What may be done.
    pub ops: Ops,
    /// Head fields that may change.
    pub head: u16,
}

/// What is known of a call before it is made.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The contract that is called.
    pub contract: Arc<Contract>,
    /// What is asked for.
    pub what: What,
    /// Whether the declaration lets it in.
    pub verdict: Verdict,
    /// The item that it is bound to.
    pub item: Option<Item>,
    /// Where it may write; none: anywhere.
    pub places: Option<Vec<Place>>,
    /// Whom each release of an exit pays, in order.
    pub receivers: Vec<Option<AccountId>>,
}

impl Foreseen {
    /// What is known of `call`; none if it is for no contract of the world.
    #[must_use]
    pub fn of(world: &World, call: &Call) -> Option<Self> {
        match &call.ask {
            Ask::Instantiate { .. } => None,
            Ask::Invoke { contract, method, args, value, .. } => {
                let contract = Arc::clone(world.contract(contract)?);
                Some(of_method(world, contract, call.signer, method, args, *value))
            }
            Ask::Poke { contract, exit, item } => {
                let contract = Arc::clone(world.contract(contract)?);
                Some(of_exit(world, contract, call.signer, *exit, item))
            }
        }
    }

    fn nothing(contract: Arc<Contract>, what: What) -> Self {
        let (item, places, receivers) = (None, Some(Vec::new()), Vec::new());
        Self { contract, what, verdict: Verdict::Unknown, item, places, receivers }
    }

    /// The transition that is asked for.
    #[must_use]
    pub fn transition(&self) -> Option<&Transition> {
        match self.what {
            What::Transition(index) => self.contract.manifest.transitions.get(index),
            _ => None,
        }
    }

    /// The exit that is asked for.
    #[must_use]
    pub fn exit(&self) -> Option<&Exit> {
        match self.what {
            What::Exit(index) => self.contract.manifest.exits.get(index),
            _ => None,
        }
    }
}

/// The key of the item that a call is bound to, if it is bound to one.
#[must_use]
pub fn bound_key(facts: &Facts<'_>, transition: &Transition) -> Option<Vec<u8>> {
    let (ItemBinding::Existing { key, .. } | ItemBinding::New { key, .. }) = &transition.item else {
        return None;
    };
    let parts: Option<Vec<Vec<u8>>> = key.iter().map(|term| facts.term(term)).collect();
    parts.map(|parts| parts.concat())
}

fn of_method(
    world: &World,
    contract: Arc<Contract>,
    caller: AccountId,
    method: &str,
    args: &[u8],
    value: u128,
) -> Foreseen {
    if HOST_METHODS.contains(&method) {
        return Foreseen::nothing(contract, What::Host);
    }
    let declared =
        |transition: &Transition| transition.kind == TransitionKind::Call && *transition.method == *method;
    let found = contract.manifest.transitions.iter().position(declared);
    let index = found.filter(|index| {
        let fields = &contract.manifest.transitions[*index].args;
        contract.manifest.validate_tuple(fields, args).is_ok()
    });
    let Some(index) = index else { return Foreseen::nothing(contract, What::Nothing) };
    let mut foreseen = Foreseen::nothing(Arc::clone(&contract), What::Transition(index));
    let transition = &contract.manifest.transitions[index];
    let mut facts = Facts::of(&world.store, &world.block, &contract);
    let values = split_fields(&contract.manifest, &transition.args, args).unwrap_or_default();
    (facts.caller, facts.value) = (caller, value);
    facts.args = (&transition.args, values);
    let key = bound_key(&facts, transition);
    if let (Some(key), Some(cell)) = (&key, bound_cell(&transition.item)) {
        bind(&mut facts, &mut foreseen, world, &contract, cell, key);
    }
    foreseen.verdict = facts.judge(transition);
    foreseen.places = match &transition.touches {
        Touches::Unknown => None,
        Touches::Listed(touches) => {
            let place = |touch: &chainstack_primitives::manifest::Touch| Place {
                cell: touch.cell,
                key: touch.key.iter().map(|term| key_part(&facts, term)).collect(),
                ops: touch.ops,
                head: touch.head,
            };
            Some(touches.iter().map(place).collect())
        }
    };
    foreseen
}

/// What a term stands for; one that cannot be resolved fits no key of its length.
fn key_part(facts: &Facts<'_>, term: &KeyTerm) -> Option<Vec<u8>> {
    match term {
        KeyTerm::Any => None,
        // Not worked out here: left to the host.
        KeyTerm::ArgField { .. } => None,
        term => Some(facts.term(term).unwrap_or_default()),
    }
}

fn of_exit(world: &World, contract: Arc<Contract>, caller: AccountId, exit: u16, item: &[u8]) -> Foreseen {
    let found = contract.manifest.exits.iter().position(|declared| declared.id == exit);
    let index = found.filter(|index| {
        let cell = contract.manifest.exits[*index].item.and_then(|cell| contract.manifest.cell(cell));
        cell.map_or(item.is_empty(), |cell| contract.manifest.validate_tuple(cell.key(), item).is_ok())
    });
    let Some(index) = index else { return Foreseen::nothing(contract, What::Nothing) };
    let mut foreseen = Foreseen::nothing(Arc::clone(&contract), What::Exit(index));
    let exit = &contract.manifest.exits[index];
    let mut facts = Facts::of(&world.store, &world.block, &contract);
    facts.caller = caller;
    if let Some(cell) = exit.item {
        bind(&mut facts, &mut foreseen, world, &contract, cell, item);
    }
    foreseen.verdict = facts.judge_exit(exit);
    foreseen.receivers = exit
        .effects
        .iter()
        .filter_map(|effect| match effect {
            chainstack_primitives::manifest::Effect::Release { to, .. } => Some(facts.term(to)),
            _ => None,
        })
        .map(|bytes| bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(AccountId))
        .collect();
    foreseen
}

fn bind<'f>(
    facts: &mut Facts<'f>,
    foreseen: &mut Foreseen,
    world: &'f World,
    contract: &'f Contract,
    cell: u16,
    key: &'f [u8],
) {
    let Some(layout) = contract.layout(cell) else { return };
    let value = world.store.value(&contract.address, cell, key);
    facts.item = Some(Bound { layout, key, value });
    foreseen.item = Some(Item { cell, key: key.to_vec(), value: value.map(<[u8]>::to_vec) });
}
