//! Type-checks expressions: what they name is declared and in scope, and one value of the right type is left.

use alloc::vec::Vec;

use super::limits::EXPRESSION_READS_MAX;
use super::validate::{Checker, Spot};
use super::{
    Cell, CellKind, Expression, ExpressionProblem, ExpressionType, Field, ManifestError, Node, Quantity,
};
use super::{RoleKind, Type, expression::state_reads};

use ExpressionProblem::{MissingOperand, NotScalar, OperandType, OutOfScope, Unknown};

/// What is known where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Scope<'m> {
    /// Arguments of the method.
    pub(super) args: &'m [Field],
    /// Cell of the bound item.
    pub(super) item: Option<&'m Cell>,
    /// Whether caller and origin are known.
    pub(super) caller: bool,
    /// Whether the value sent is known.
    pub(super) value: bool,
    /// Whether time and height are known.
    pub(super) clock: bool,
    /// Whether this decides over a call that can be approved before: the guard of a transition, not of the constructor.
    pub(super) approved: bool,
}

impl Scope<'_> {
    /// Nothing but parameters and own state: invariants.
    pub(super) const OWN_STATE: Self =
        Self { args: &[], item: None, caller: false, value: false, clock: false, approved: false };
}

impl Checker<'_> {
    /// Checks that `expression` type-checks in `scope` and leaves a value of type `result`.
    pub(super) fn expression(
        &self,
        at: Spot<'_>,
        scope: Scope<'_>,
        expression: &Expression,
        result: ExpressionType,
    ) -> Result<(), ManifestError> {
        let refuse = |index: usize, problem| {
            let node = u16::try_from(index).unwrap_or(u16::MAX);
            ManifestError::Expression { at: at.place(), node, problem }
        };
        let reads = state_reads(expression);
        at.limit(Quantity::ExpressionReads, reads as u64, u64::from(EXPRESSION_READS_MAX))?;
        let mut stack = Vec::with_capacity(expression.len());
        for (index, node) in expression.iter().enumerate() {
            self.step(scope, node, &mut stack).map_err(|problem| refuse(index, problem))?;
        }
        match stack.as_slice() {
            [found] if *found == result => Ok(()),
            [_] => Err(refuse(expression.len(), ExpressionProblem::ResultType)),
            _ => Err(refuse(expression.len(), ExpressionProblem::NotOneValue)),
        }
    }

    fn step(
        &self,
        scope: Scope<'_>,
        node: &Node,
        stack: &mut Vec<ExpressionType>,
    ) -> Result<(), ExpressionProblem> {
        let pushed = match node {
            Node::If => {
                let (no, yes) = (pop(stack)?, pop(stack)?);
                if pop(stack)? != ExpressionType::Bool || yes != no {
                    return Err(OperandType);
                }
                yes
            }
            Node::MulDiv => {
                let operands = [pop(stack)?, pop(stack)?, pop(stack)?];
                if operands != [ExpressionType::Uint; 3] {
                    return Err(OperandType);
                }
                ExpressionType::Uint
            }
            Node::Not => convert(stack, ExpressionType::Bool, ExpressionType::Bool)?,
            Node::ToInt => convert(stack, ExpressionType::Uint, ExpressionType::Int)?,
            Node::ToUint => convert(stack, ExpressionType::Int, ExpressionType::Uint)?,
            Node::Add | Node::Sub | Node::Mul | Node::Div | Node::Rem | Node::Min | Node::Max => {
                number(stack)?
            }
            Node::Less | Node::LessEqual | Node::Greater | Node::GreaterEqual => {
                number(stack)?;
                ExpressionType::Bool
            }
            Node::Equal | Node::NotEqual => {
                if pop(stack)? != pop(stack)? {
                    return Err(OperandType);
                }
                ExpressionType::Bool
            }
            Node::And | Node::Or => {
                convert(stack, ExpressionType::Bool, ExpressionType::Bool)?;
                convert(stack, ExpressionType::Bool, ExpressionType::Bool)?
            }
            leaf => self.leaf(scope, leaf)?,
        };
        stack.push(pushed);
        Ok(())
    }

    fn leaf(&self, scope: Scope<'_>, node: &Node) -> Result<ExpressionType, ExpressionProblem> {
        let known = |known: bool, ty| if known { Ok(ty) } else { Err(OutOfScope) };
        match node {
            Node::Bool(_) => Ok(ExpressionType::Bool),
            Node::Uint(_) | Node::Balance => Ok(ExpressionType::Uint),
            Node::Int(_) => Ok(ExpressionType::Int),
            Node::Account(_) | Node::SelfAddress => Ok(ExpressionType::Account),
            Node::Hash(_) => Ok(ExpressionType::Hash),
            Node::Caller | Node::Origin => known(scope.caller, ExpressionType::Account),
            Node::Value => known(scope.value, ExpressionType::Uint),
            Node::Time | Node::Height => known(scope.clock, ExpressionType::Uint),
            Node::Arg(index) => typed(scope.args.get(usize::from(*index)).map(|arg| arg.ty)),
            Node::Param(index) => typed(self.manifest.params.get(usize::from(*index)).map(|param| param.ty)),
            Node::ItemKey(index) => {
                let item = scope.item.ok_or(OutOfScope)?;
                typed(item.key().get(usize::from(*index)).map(|field| field.ty))
            }
            Node::Head(index) => head(scope.item.ok_or(OutOfScope)?, *index),
            Node::Owner => {
                let owned = |item: &Cell| matches!(&item.kind, CellKind::Map(map) if map.asset.is_some());
                known(scope.item.is_some_and(owned), ExpressionType::Account)
            }
            Node::InState { machine, states } => {
                let machine = self.manifest.machine(*machine).ok_or(Unknown)?;
                let bound = machine.cell.is_none() || machine.cell == scope.item.map(|item| item.id);
                let declared = |id: &u8| machine.states.iter().any(|state| state.id == *id);
                if states.is_empty() || !states.iter().all(declared) {
                    return Err(Unknown);
                }
                known(bound, ExpressionType::Bool)
            }
            Node::Member(role) => match self.manifest.role(*role).ok_or(Unknown)?.kind {
                RoleKind::Item { cell, .. } if scope.item.map(|item| item.id) != Some(cell) => {
                    Err(OutOfScope)
                }
                _ => known(scope.caller, ExpressionType::Bool),
            },
            Node::Quorum(role) => match self.manifest.role(*role).ok_or(Unknown)?.kind {
                RoleKind::Set { .. } => known(scope.approved, ExpressionType::Bool),
                _ => Err(Unknown),
            },
            cell => self.cell_read(scope, cell),
        }
    }

    fn cell_read(&self, scope: Scope<'_>, node: &Node) -> Result<ExpressionType, ExpressionProblem> {
        let cell = |id: &u16| self.manifest.cell(*id).ok_or(Unknown);
        let key_fits = |cell: &Cell, key: &[u8]| self.manifest.validate_tuple(cell.key(), key).is_ok();
        match node {
            Node::ValueHead { cell: id, field } => match cell(id)? {
                found if matches!(found.kind, CellKind::Value(_)) => head(found, *field),
                _ => Err(Unknown),
            },
            Node::EntryHead { cell: id, key, field } => match cell(id)? {
                found if matches!(found.kind, CellKind::Map(_)) && key_fits(found, key) => {
                    head(found, *field)
                }
                _ => Err(Unknown),
            },
            Node::LedgerEntry { cell: id, key } => match cell(id)? {
                found if matches!(found.kind, CellKind::Ledger(_)) && key_fits(found, key) => {
                    Ok(ExpressionType::Uint)
                }
                _ => Err(Unknown),
            },
            Node::LedgerSum(id) => match &cell(id)?.kind {
                CellKind::Ledger(ledger) if ledger.sum => Ok(ExpressionType::Uint),
                _ => Err(Unknown),
            },
            Node::HeadSum { cell: id, field } => match cell(id)?.head().get(usize::from(*field)) {
                Some(field) if field.sum => Ok(ExpressionType::Uint),
                _ => Err(Unknown),
            },
            Node::Count(id) if cell(id)?.counts() => Ok(ExpressionType::Uint),
            Node::Escrowed(id) => match &cell(id)?.kind {
                CellKind::Escrow(escrow) if escrow.item.is_none() => Ok(ExpressionType::Uint),
                CellKind::Escrow(escrow) if escrow.item == scope.item.map(|item| item.id) => {
                    Ok(ExpressionType::Uint)
                }
                CellKind::Escrow(_) => Err(OutOfScope),
                _ => Err(Unknown),
            },
            _ => Err(Unknown),
        }
    }
}

/// Type a value of `ty` has in an expression.
pub(super) const fn expression_type(ty: &Type) -> Option<ExpressionType> {
    match ty {
        Type::Bool => Some(ExpressionType::Bool),
        Type::Account => Some(ExpressionType::Account),
        Type::Hash => Some(ExpressionType::Hash),
        ty if ty.is_unsigned() => Some(ExpressionType::Uint),
        ty if ty.is_signed() => Some(ExpressionType::Int),
        _ => None,
    }
}

fn typed(ty: Option<Type>) -> Result<ExpressionType, ExpressionProblem> {
    expression_type(&ty.ok_or(Unknown)?).ok_or(NotScalar)
}

fn head(cell: &Cell, field: u8) -> Result<ExpressionType, ExpressionProblem> {
    typed(cell.head().get(usize::from(field)).map(|field| field.ty))
}

fn pop(stack: &mut Vec<ExpressionType>) -> Result<ExpressionType, ExpressionProblem> {
    stack.pop().ok_or(MissingOperand)
}

fn convert(
    stack: &mut Vec<ExpressionType>,
    from: ExpressionType,
    to: ExpressionType,
) -> Result<ExpressionType, ExpressionProblem> {
    if pop(stack)? == from { Ok(to) } else { Err(OperandType) }
}

/// Takes two numbers of one type.
fn number(stack: &mut Vec<ExpressionType>) -> Result<ExpressionType, ExpressionProblem> {
    let (right, left) = (pop(stack)?, pop(stack)?);
    let numeric = matches!(right, ExpressionType::Uint | ExpressionType::Int);
    if numeric && left == right { Ok(right) } else { Err(OperandType) }
}
