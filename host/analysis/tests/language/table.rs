//! An environment that is a table: what each leaf is.

use core::fmt;

use chainstack_analysis::{Environment, Value};
use chainstack_primitives::manifest::Node;
use chainstack_primitives::{AccountId, Amount, Height, TimeMs};

/// Leaves and their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<(Node, Value)>,
}

/// The table has no such leaf, or another type of value for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NoAnswer(pub(crate) Node);

impl fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no answer for {:?}", self.0)
    }
}

impl Table {
    pub(crate) fn find(&self, leaf: &Node) -> Result<Value, NoAnswer> {
        let row = self.rows.iter().find(|(node, _)| node == leaf);
        row.map(|(_, value)| *value).ok_or_else(|| NoAnswer(leaf.clone()))
    }

    fn account(&self, leaf: &Node) -> Result<AccountId, NoAnswer> {
        match self.find(leaf)? {
            Value::Account(account) => Ok(account),
            _ => Err(NoAnswer(leaf.clone())),
        }
    }

    fn uint(&self, leaf: &Node) -> Result<u128, NoAnswer> {
        match self.find(leaf)? {
            Value::Uint(number) => Ok(number),
            _ => Err(NoAnswer(leaf.clone())),
        }
    }

    fn short(&self, leaf: &Node) -> Result<u64, NoAnswer> {
        u64::try_from(self.uint(leaf)?).map_err(|_| NoAnswer(leaf.clone()))
    }

    fn truth(&self, leaf: &Node) -> Result<bool, NoAnswer> {
        match self.find(leaf)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(NoAnswer(leaf.clone())),
        }
    }
}

impl Environment for Table {
    type Error = NoAnswer;

    fn arg(&mut self, index: u8) -> Result<Value, NoAnswer> {
        self.find(&Node::Arg(index))
    }

    fn param(&mut self, index: u8) -> Result<Value, NoAnswer> {
        self.find(&Node::Param(index))
    }

    fn caller(&mut self) -> Result<AccountId, NoAnswer> {
        self.account(&Node::Caller)
    }

    fn origin(&mut self) -> Result<AccountId, NoAnswer> {
        self.account(&Node::Origin)
    }

    fn self_address(&mut self) -> Result<AccountId, NoAnswer> {
        self.account(&Node::SelfAddress)
    }

    fn value(&mut self) -> Result<Amount, NoAnswer> {
        self.uint(&Node::Value).map(Amount)
    }

    fn time(&mut self) -> Result<TimeMs, NoAnswer> {
        self.short(&Node::Time).map(TimeMs)
    }

    fn height(&mut self) -> Result<Height, NoAnswer> {
        self.short(&Node::Height).map(Height)
    }

    fn item_key(&mut self, index: u8) -> Result<Value, NoAnswer> {
        self.find(&Node::ItemKey(index))
    }

    fn head(&mut self, index: u8) -> Result<Value, NoAnswer> {
        self.find(&Node::Head(index))
    }

    fn owner(&mut self) -> Result<AccountId, NoAnswer> {
        self.account(&Node::Owner)
    }

    fn value_head(&mut self, cell: u16, field: u8) -> Result<Value, NoAnswer> {
        self.find(&Node::ValueHead { cell, field })
    }

    fn entry_head(&mut self, cell: u16, key: &[u8], field: u8) -> Result<Value, NoAnswer> {
        let key = key.try_into().expect("a key of a node is within its bound");
        self.find(&Node::EntryHead { cell, key, field })
    }

    fn ledger_entry(&mut self, cell: u16, key: &[u8]) -> Result<u128, NoAnswer> {
        let key = key.try_into().expect("a key of a node is within its bound");
        self.uint(&Node::LedgerEntry { cell, key })
    }

    fn ledger_sum(&mut self, cell: u16) -> Result<u128, NoAnswer> {
        self.uint(&Node::LedgerSum(cell))
    }

    fn head_sum(&mut self, cell: u16, field: u8) -> Result<u128, NoAnswer> {
        self.uint(&Node::HeadSum { cell, field })
    }

    fn count(&mut self, cell: u16) -> Result<u64, NoAnswer> {
        self.short(&Node::Count(cell))
    }

    fn escrowed(&mut self, cell: u16) -> Result<u128, NoAnswer> {
        self.uint(&Node::Escrowed(cell))
    }

    fn balance(&mut self) -> Result<Amount, NoAnswer> {
        self.uint(&Node::Balance).map(Amount)
    }

    fn in_state(&mut self, machine: u16, states: &[u8]) -> Result<bool, NoAnswer> {
        let states = states.try_into().expect("states of a node are within their bound");
        self.truth(&Node::InState { machine, states })
    }

    fn member(&mut self, role: u16) -> Result<bool, NoAnswer> {
        self.truth(&Node::Member(role))
    }

    fn quorum(&mut self, role: u16) -> Result<bool, NoAnswer> {
        self.truth(&Node::Quorum(role))
    }
}
