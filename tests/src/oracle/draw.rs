//! Calls at random: any method and exit, with arguments near what the world is about, so that a good part succeeds.

use chainstack_primitives::{
    AccountId, Amount, Asset, Send,
    manifest::{
        AssetRef, CallerRule, CellKind, Exit, ItemBinding, KeyTerm, Manifest, ROLE_ACCEPT, ROLE_OFFER,
        ROLE_RENOUNCE, RoleKind, Touches, Transition, TransitionKind, Type, TypeKind,
    },
};
use chainstack_runtime::state::reserved;
use parity_scale_codec::{Compact, Encode as _};

use super::{
    facts::{Bound, Facts, Verdict},
    foresee::{Foreseen, bound_key},
    model::{Contract, Layout, account_of, number, split_fields},
    world::{Ask, Call, World},
};
use crate::campaign::Draw;

/// Gas of most calls.
pub const GAS: u64 = 50_000_000;
/// Coins that most calls may lock as deposits.
pub const DEPOSIT: u128 = 1_000_000_000_000_000_000;

/// Most times that a call is drawn anew because the declaration would not let it in.
const TRIES: u64 = 8;

/// What a drawn call leans on: values that make it likely to be about something.
#[derive(Clone, Default, Debug)]
struct Hints {
    accounts: Vec<AccountId>,
    numbers: Vec<u128>,
    caller: Option<AccountId>,
    /// Arguments that are settled, by index.
    args: Vec<(usize, Vec<u8>)>,
}

/// Draws calls for a world.
#[derive(Clone, Debug)]
pub struct Drawer {
    draw: Draw,
}

/// Values of a type in a world, leaning on hints.
struct Values<'w, 'd> {
    world: &'w World,
    draw: &'d mut Draw,
    hints: Hints,
}

impl Drawer {
    /// Begins at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { draw: Draw::new(seed) }
    }

    /// Lets time pass, perhaps.
    pub fn pass_time(&mut self, world: &mut World) {
        if self.draw.between(0, 2) == 0 {
            // Now and then long enough that what waits for its deadline meets it.
            let most = if self.draw.between(0, 24) == 0 { 60 } else { 3 };
            let blocks = self.draw.between(1, most);
            world.block.height.0 += blocks;
            world.block.time_ms.0 += blocks * 1_000;
        }
    }

    /// Parameters for a contract of `manifest`. `rich`: whether everything that can be switched on is.
    #[must_use]
    pub fn params(&mut self, world: &World, manifest: &Manifest, rich: bool) -> Vec<u8> {
        let people = world.people.clone();
        let hints = Hints { accounts: people, ..Hints::default() };
        let mut values = Values { world, draw: &mut self.draw, hints };
        let mut bytes = Vec::new();
        for param in &manifest.params {
            let usual = param.default.as_ref().filter(|_| values.draw.between(0, 2) > 0);
            let mut value = match (&param.ty, usual) {
                (Type::Bool, _) if rich || values.one_in(2) => vec![1],
                (_, Some(usual)) => usual.to_vec(),
                (Type::Account, None) => values.person().0.to_vec(),
                (ty, None) => values.value(manifest, ty),
            };
            if !param.admits(&value) {
                value = param.default.as_ref().map_or(value, |usual| usual.to_vec());
            }
            bytes.extend(value);
        }
        bytes
    }

    /// A call.
    #[must_use]
    pub fn call(&mut self, world: &World) -> Call {
        let sample = self.draw.between(0, 99) < 75;
        let others = world.contracts.len() as u64 - 1;
        let index = if sample || others == 0 { 0 } else { self.draw.between(1, others) };
        let contract = &world.contracts[usize::try_from(index).unwrap_or(0)];
        let mut call = self.of(world, contract);
        // Most of what is drawn is refused on entry: rather something else, though not always.
        for _ in 0..self.draw.between(0, TRIES) {
            let foreseen = Foreseen::of(world, &call);
            if !foreseen.is_some_and(|foreseen| matches!(foreseen.verdict, Verdict::Closed(_))) {
                break;
            }
            call = self.of(world, contract);
        }
        match self.draw.between(0, 99) {
            0 => call.gas = self.draw.between(0, 2_000_000),
            1 => call.deposit = u128::from(self.draw.between(0, 5_000_000_000_000_000)),
            _ => {}
        }
        call.deposit = call.deposit.min(world.store.balance(&call.signer));
        call
    }

    fn of(&mut self, world: &World, contract: &Contract) -> Call {
        let mut values = Values { world, draw: &mut self.draw, hints: Hints::default() };
        let (ask, signer) = values.ask(contract);
        Call { signer, ask, gas: GAS, deposit: DEPOSIT }
    }
}

impl Values<'_, '_> {
    fn one_in(&mut self, count: u64) -> bool {
        self.draw.between(1, count) == 1
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        let last = (list.len() as u64).checked_sub(1)?;
        list.get(usize::try_from(self.draw.between(0, last)).unwrap_or(0))
    }

    fn person(&mut self) -> AccountId {
        let people = self.world.people.as_slice();
        self.pick(people).copied().unwrap_or_default()
    }

    fn account(&mut self) -> AccountId {
        if !self.hints.accounts.is_empty() && self.draw.between(0, 3) > 0 {
            let hints = self.hints.accounts.clone();
            return self.pick(&hints).copied().unwrap_or_default();
        }
        match self.draw.between(0, 39) {
            0 => AccountId::ZERO,
            1 => reserved::ESCROWS,
            2 => AccountId([0xee; 32]),
            3..=8 => {
                let contracts = self.world.contracts.as_slice();
                self.pick(contracts).map_or(AccountId::ZERO, |contract| contract.address)
            }
            _ => self.person(),
        }
    }

    fn number(&mut self) -> u128 {
        if !self.hints.numbers.is_empty() && self.one_in(2) {
            let hints = self.hints.numbers.clone();
            return self.pick(&hints).copied().unwrap_or(0);
        }
        let height = u128::from(self.world.block.height.0);
        match self.draw.between(0, 19) {
            0 => 0,
            1 => 1,
            2 => u128::MAX,
            3 => u128::from(u64::MAX),
            4 => u128::from(self.world.block.time_ms.0) + u128::from(self.draw.between(0, 50_000)),
            5 => 1 << self.draw.between(0, 127),
            6 => height.saturating_sub(u128::from(self.draw.between(0, 20))),
            7..=11 => height + u128::from(self.draw.between(0, 40)),
            12 | 13 => u128::from(self.draw.between(0, 1_000_000)),
            _ => u128::from(self.draw.between(0, 199)),
        }
    }

    fn value(&mut self, manifest: &Manifest, ty: &Type) -> Vec<u8> {
        match ty {
            Type::Bool => vec![u8::from(self.one_in(3))],
            Type::Account => self.account().0.to_vec(),
            Type::Bytes { max } | Type::Text { max } => {
                let size = self.draw.between(0, u64::from(*max).min(12));
                let bytes: Vec<u8> = (0..size).map(|_| b'a' + (self.draw.next() % 26) as u8).collect();
                bytes.encode()
            }
            Type::Defined(_) => self.defined(manifest, ty),
            scalar => {
                let size = scalar.scalar_size().map_or(0, |size| size as usize);
                if size > 16 {
                    return (0..size).map(|_| (self.draw.next() & 0xff) as u8).collect();
                }
                let number = self.number();
                let most = if size == 16 { u128::MAX } else { (1 << (size * 8)) - 1 };
                number.min(most).to_le_bytes()[..size].to_vec()
            }
        }
    }

    fn defined(&mut self, manifest: &Manifest, ty: &Type) -> Vec<u8> {
        let Some(definition) = manifest.definition(ty) else { return Vec::new() };
        match &definition.kind {
            TypeKind::Struct { fields } => {
                fields.iter().flat_map(|field| self.value(manifest, &field.ty)).collect()
            }
            TypeKind::Enum { variants } => {
                let index = self.draw.between(0, variants.len() as u64 - 1);
                let variant = &variants[usize::try_from(index).unwrap_or(0)];
                let fields: Vec<u8> =
                    variant.fields.iter().flat_map(|field| self.value(manifest, &field.ty)).collect();
                [vec![u8::try_from(index).unwrap_or(0)], fields].concat()
            }
            TypeKind::List { of, max } => {
                let count = self.draw.between(0, u64::from(*max).min(3));
                let mut bytes = Compact(u32::try_from(count).unwrap_or(0)).encode();
                (0..count).for_each(|_| bytes.extend(self.value(manifest, of)));
                bytes
            }
            TypeKind::Option { of } => {
                if self.one_in(3) {
                    return vec![0];
                }
                [vec![1], self.value(manifest, of)].concat()
            }
        }
    }

    /// Key and value of some entry of a cell.
    fn entry(&mut self, contract: &Contract, layout: &Layout) -> Option<(Vec<u8>, Vec<u8>)> {
        let byte = (self.draw.next() & 0xff) as u8;
        let from: &[u8] = if layout.ledger == Some(true) { &[0, byte] } else { &[byte] };
        let store = &self.world.store;
        let mut found = store.cell_from(&contract.address, layout.id, from).next();
        if found.is_none() {
            found = store.cell(&contract.address, layout.id).next();
        }
        found.map(|(key, entry)| (key.key.to_vec(), entry.value.clone()))
    }

    /// Some entry of a cell, rather one whose machine is in one of these states.
    fn entry_in(
        &mut self,
        contract: &Contract,
        layout: &Layout,
        from: &[chainstack_primitives::manifest::StateSet],
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let machine = layout.machine.map(|index| contract.manifest.machines[index].id);
        let wanted = from.iter().find(|set| Some(set.machine) == machine);
        let mut found = self.entry(contract, layout);
        for _ in 0..5 {
            let (Some(set), Some((_, value))) = (wanted, &found) else { break };
            if value.first().is_some_and(|state| set.states.contains(state)) {
                break;
            }
            found = self.entry(contract, layout);
        }
        found
    }

    fn ask(&mut self, contract: &Contract) -> (Ask, AccountId) {
        let manifest = &contract.manifest;
        let calls: Vec<&Transition> =
            manifest.transitions.iter().filter(|it| it.kind == TransitionKind::Call).collect();
        let pays_in = |transition: &&Transition| transition.escrows.iter().any(|used| used.pays_in);
        let opening: Vec<&Transition> = calls.iter().copied().filter(pays_in).collect();
        match self.draw.between(0, 999) {
            0..=29 => self.host_method(contract),
            30..=39 => (self.invoke_raw(contract, "no_such_method", vec![1, 2]), self.person()),
            40..=49 => match self.pick(&calls) {
                Some(transition) => {
                    (self.invoke_raw(contract, &transition.method, vec![0xff; 3]), self.person())
                }
                None => self.host_method(contract),
            },
            50..=299 if !manifest.exits.is_empty() => {
                let exit = self.pick(&manifest.exits).expect("there is one").clone();
                self.poke(contract, &exit)
            }
            300..=499 if !opening.is_empty() => {
                let transition = *self.pick(&opening).expect("there is one");
                self.transition(contract, transition)
            }
            _ => match self.pick(&calls) {
                Some(transition) => self.transition(contract, transition),
                None => self.host_method(contract),
            },
        }
    }

    fn invoke_raw(&mut self, contract: &Contract, method: &str, args: Vec<u8>) -> Ask {
        let (contract, method) = (contract.address, method.to_owned());
        Ask::Invoke { contract, method, args, value: 0, sends: Vec::new() }
    }

    fn host_method(&mut self, contract: &Contract) -> (Ask, AccountId) {
        let account_role =
            |role: &&chainstack_primitives::manifest::Role| matches!(role.kind, RoleKind::Account { .. });
        let roles: Vec<u16> =
            contract.manifest.roles.iter().filter(account_role).map(|role| role.id).collect();
        let role = self.pick(&roles).copied().unwrap_or(1);
        let held = |cell: u16| {
            let value = self.world.store.value(&contract.address, cell, &role.to_le_bytes());
            value.and_then(|value| <[u8; 32]>::try_from(value).ok()).map(AccountId)
        };
        let (holder, offered) = (held(reserved::ROLES), held(reserved::ROLE_OFFERS));
        let (method, args, likely) = match self.draw.between(0, 999) {
            0 => (ROLE_RENOUNCE, role.to_le_bytes().to_vec(), holder),
            1..=499 => (ROLE_OFFER, (role, self.account()).encode(), holder),
            _ => (ROLE_ACCEPT, role.to_le_bytes().to_vec(), offered),
        };
        let signer = likely.filter(|_| self.draw.between(0, 9) < 8).unwrap_or_default();
        let signer = if self.world.people.contains(&signer) { signer } else { self.person() };
        (self.invoke_raw(contract, method, args), signer)
    }

    fn poke(&mut self, contract: &Contract, exit: &Exit) -> (Ask, AccountId) {
        let mut item = Vec::new();
        if let Some(layout) = exit.item.and_then(|cell| contract.layout(cell)) {
            let found = if self.one_in(20) { None } else { self.entry_in(contract, layout, &exit.from) };
            item = match found {
                Some((key, _)) => key,
                None => {
                    let fields = contract.declared(layout).key().to_vec();
                    fields.iter().flat_map(|field| self.value(&contract.manifest, &field.ty)).collect()
                }
            };
        }
        if self.one_in(100) {
            item.push(0);
        }
        (Ask::Poke { contract: contract.address, exit: exit.id, item }, self.person())
    }

    fn transition(&mut self, contract: &Contract, transition: &Transition) -> (Ask, AccountId) {
        self.anchor(contract, transition);
        self.asset_in_mind(transition);
        let mut args = Vec::new();
        for (index, field) in transition.args.iter().enumerate() {
            let settled = self.hints.args.iter().find(|(settled, _)| *settled == index);
            match settled.map(|(_, bytes)| bytes.clone()) {
                Some(bytes) => args.extend(bytes),
                None => args.extend(self.value(&contract.manifest, &field.ty)),
            }
        }
        if self.draw.between(0, 9) < 7
            && let Some(holder) = self.role_holder(contract, transition, &args)
        {
            self.hints.caller = Some(holder);
        }
        let likely = self.hints.caller.filter(|_| self.draw.between(0, 9) < 8);
        let likely = likely.filter(|likely| self.world.people.contains(likely));
        let signer = likely.unwrap_or_else(|| self.person());
        let value = if transition.value_max.0 == 0 && !self.one_in(50) { 0 } else { self.number() };
        // More than anybody has is tried, too, though seldom.
        let value =
            if self.one_in(20) { value } else { value.min(self.world.store.balance(&signer) / 1_000) };
        let ask = Ask::Invoke {
            contract: contract.address,
            method: transition.method.to_string(),
            args,
            value,
            sends: self.sends(),
        };
        (ask, signer)
    }

    /// Settles arguments and caller so that a place that the transition names is one where something is.
    fn anchor(&mut self, contract: &Contract, transition: &Transition) {
        let mut places: Vec<(u16, &[KeyTerm])> = Vec::new();
        match &transition.item {
            ItemBinding::Existing { cell, key } => places.push((*cell, key)),
            ItemBinding::New { .. } => return,
            ItemBinding::None | ItemBinding::Each { .. } => {
                if let Touches::Listed(touches) = &transition.touches {
                    places.extend(touches.iter().map(|touch| (touch.cell, &*touch.key)));
                }
            }
        }
        let bound = matches!(transition.item, ItemBinding::Existing { .. });
        if self.one_in(if bound { 12 } else { 2 }) {
            return;
        }
        let Some((cell, terms)) = self.pick(&places).copied() else { return };
        let Some(layout) = contract.layout(cell) else { return };
        let Some((key, value)) = self.entry_in(contract, layout, &transition.from) else { return };
        let declared = contract.declared(layout);
        let Some(fields) = contract.manifest.key_fields(declared, &key) else { return };
        let values = split_fields(&contract.manifest, declared.key(), fields).unwrap_or_default();
        for (term, bytes) in terms.iter().zip(values) {
            match term {
                KeyTerm::Arg(index) => self.hints.args.push((usize::from(*index), bytes.to_vec())),
                KeyTerm::Caller => self.hints.caller = <[u8; 32]>::try_from(bytes).ok().map(AccountId),
                _ => {}
            }
        }
        self.lean_on(contract, layout, &value);
    }

    /// Numbers and accounts of an entry, as hints.
    fn lean_on(&mut self, contract: &Contract, layout: &Layout, value: &[u8]) {
        if layout.ledger.is_some() {
            let balance = number(value);
            self.hints.numbers.extend([balance, balance / 2, balance / 16, 1, balance.saturating_add(1)]);
        }
        for (index, field) in contract.declared(layout).head().iter().enumerate() {
            let bytes = layout.field(value, index).unwrap_or_default();
            if field.ty.is_unsigned() {
                self.hints.numbers.extend([number(bytes), number(bytes).saturating_add(1)]);
            }
        }
        if let Some(owner) = layout.holder(value).and_then(account_of) {
            self.hints.caller = Some(owner);
        }
    }

    /// For a transition that takes an asset in: one that somebody owns, and its owner as caller.
    fn asset_in_mind(&mut self, transition: &Transition) {
        if !transition.escrows.iter().any(|used| used.pays_in) {
            return;
        }
        let world = self.world;
        let sample = &world.contracts[0];
        let escrow =
            transition.escrows.iter().find_map(|used| match &sample.manifest.cell(used.cell)?.kind {
                CellKind::Escrow(escrow) => match &escrow.asset {
                    AssetRef::Foreign { cell, .. } => Some(*cell),
                    _ => None,
                },
                _ => None,
            });
        let Some(cell) = escrow else { return };
        let Some(keeper) = self.pick(world.contracts.get(1..).unwrap_or_default()) else { return };
        let Some(layout) = keeper.layout(cell) else { return };
        let mut found = self.entry(keeper, layout);
        for _ in 0..TRIES {
            let Some((key, value)) = &found else { return };
            if self.may_go(keeper, layout, key, value) {
                break;
            }
            found = self.entry(keeper, layout);
        }
        let Some((key, value)) = found else { return };
        self.hints.accounts.push(keeper.address);
        self.lean_on(keeper, layout, &value);
        if layout.ledger == Some(true) {
            self.hints.caller = account_of(&key);
        } else {
            self.hints.numbers.clear();
            self.hints.numbers.push(number(&key));
        }
    }

    /// Whether an asset is an account's, and may go into an escrow by its own declaration.
    fn may_go(&self, keeper: &Contract, layout: &Layout, key: &[u8], value: &[u8]) -> bool {
        let holder = if layout.ledger == Some(true) { Some(key) } else { layout.holder(value) };
        let condition = keeper.declared(layout).asset().and_then(|asset| asset.escrow_when.as_ref());
        let mut facts = Facts::of(&self.world.store, &self.world.block, keeper);
        facts.item = Some(Bound { layout, key, value: Some(value) });
        holder.and_then(account_of).is_some()
            && condition.is_none_or(|condition| facts.holds(condition) == Ok(true))
    }

    /// Who holds a role that the transition asks for.
    fn role_holder(&self, contract: &Contract, transition: &Transition, args: &[u8]) -> Option<AccountId> {
        let CallerRule::Roles(roles) = &transition.caller else { return None };
        let values = split_fields(&contract.manifest, &transition.args, args)?;
        let mut facts = Facts::of(&self.world.store, &self.world.block, contract);
        facts.args = (&transition.args, values);
        let key = bound_key(&facts, transition);
        let layout = super::model::bound_cell(&transition.item).and_then(|cell| contract.layout(cell));
        if let (Some(key), Some(layout)) = (&key, layout) {
            let value = self.world.store.value(&contract.address, layout.id, key);
            facts.item = Some(Bound { layout, key, value });
        }
        roles.iter().find_map(|role| facts.holder(*role).ok().flatten())
    }

    fn sends(&mut self) -> Vec<Send> {
        let mut sends = Vec::new();
        let world = self.world;
        for contract in &world.contracts {
            for cell in contract.manifest.cells.iter().filter(|cell| cell.asset().is_some()) {
                if self.draw.between(0, 9) < 8 {
                    let asset = Asset::Cell { contract: contract.address, cell: cell.id };
                    let max = if self.one_in(4) { self.number() } else { u128::MAX };
                    sends.push(Send { asset, max: Amount(max) });
                }
            }
        }
        sends
    }
}
